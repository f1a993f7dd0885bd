from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import abort

from flaskr.auth import login_required
from flaskr.db import get_db

bp = Blueprint("blog", __name__)

POSTS = "SELECT p.id, title, body, created, author_id, username FROM post p JOIN user u ON p.author_id = u.id"


@bp.route("/")
def index():
    return render_template("blog/index.html", posts=get_db().execute(f"{POSTS} ORDER BY created DESC").fetchall())


def get_post(id, check_author=True):
    post = get_db().execute(f"{POSTS} WHERE p.id = ?", (id,)).fetchone()
    if post is None:
        abort(404, f"Post id {id} doesn't exist.")
    if check_author and post["author_id"] != g.user["id"]:
        abort(403)
    return post


@bp.route("/create", methods=("GET", "POST"))
@login_required
def create():
    if request.method == "POST":
        if request.form["title"]:
            values = (request.form["title"], request.form["body"], g.user["id"])
            get_db().execute("INSERT INTO post (title, body, author_id) VALUES (?, ?, ?)", values)
            get_db().commit()
            return redirect(url_for("blog.index"))
        flash("Title is required.")
    return render_template("blog/form.html", title="New Post", post={})


@bp.route("/<int:id>/update", methods=("GET", "POST"))
@login_required
def update(id):
    post = get_post(id)
    if request.method == "POST":
        if request.form["title"]:
            values = (request.form["title"], request.form["body"], id)
            get_db().execute("UPDATE post SET title = ?, body = ? WHERE id = ?", values)
            get_db().commit()
            return redirect(url_for("blog.index"))
        flash("Title is required.")
    return render_template("blog/form.html", title=f"Edit {post['title']}", post=post)


@bp.route("/<int:id>/delete", methods=("POST",))
@login_required
def delete(id):
    get_post(id)
    get_db().execute("DELETE FROM post WHERE id = ?", (id,))
    get_db().commit()
    return redirect(url_for("blog.index"))
