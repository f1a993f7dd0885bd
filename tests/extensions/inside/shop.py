"""Flask-Login, Flask-SQLAlchemy and Flask-WTF in one application: accounts, a basket each, forms with a CSRF token."""

import os

from flask import Flask, redirect, render_template_string, request, url_for
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.security import check_password_hash, generate_password_hash
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

db = SQLAlchemy()
csrf = CSRFProtect()
login_manager = LoginManager()
login_manager.login_view = "login"


class User(UserMixin, db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]
    items = db.relationship("Item", back_populates="user")


class Item(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    user_id: Mapped[int] = mapped_column(db.ForeignKey("user.id"))
    user = db.relationship("User", back_populates="items")


class LoginForm(FlaskForm):
    name = StringField(validators=[DataRequired(), Length(max=20)])
    password = PasswordField(validators=[DataRequired()])


class ListForm(FlaskForm):
    file = FileField(validators=[FileRequired()])


FORM = (
    "{% for name, errors in form.errors.items() %}<p>{{ name }}: {{ errors|join }}</p>{% endfor %}"
    "<form method=post>{{ form.hidden_tag() }}{% for field in form %}{{ field }}{% endfor %}</form>"
)


@login_manager.user_loader
def load_user(user_id):
    return db.session.get(User, int(user_id))


def create_app():
    app = Flask(__name__)
    app.config.update(SECRET_KEY="not secret", SQLALCHEMY_DATABASE_URI=os.environ["SHOP_DATABASE"])
    for extension in (db, csrf, login_manager):
        extension.init_app(app)

    @app.route("/login", methods=["GET", "POST"])
    def login():
        form = LoginForm()
        if form.validate_on_submit():
            user = db.session.execute(db.select(User).filter_by(name=form.name.data)).scalar_one_or_none()
            if user is not None and check_password_hash(user.password, form.password.data):
                login_user(user, remember="remember" in request.args)
                return redirect(request.args.get("next") or url_for("basket"))
            form.name.errors = ["Unknown name or wrong password."]
        return render_template_string(FORM, form=form)

    @app.get("/logout")
    @login_required
    def logout():
        logout_user()
        return "bye"

    @app.route("/basket", methods=["GET", "POST"])
    @login_required
    def basket():
        if request.method == "POST":
            db.session.add(Item(name=request.form["item"], user=current_user))
            db.session.commit()
        page = db.paginate(db.select(Item).filter_by(user_id=current_user.id).order_by(Item.id), per_page=3)
        return {"user": current_user.name, "total": page.total, "items": [item.name for item in page]}

    @app.post("/list")
    @csrf.exempt
    def upload():
        form = ListForm(meta={"csrf": False})
        if not form.validate():
            return form.errors, 400
        return {"name": form.file.data.filename, "lines": form.file.data.read().decode().split()}

    @app.get("/item/<int:number>")
    def item(number):
        return db.get_or_404(Item, number, description=f"There is no item {number}.").name

    @app.cli.command("fill")
    def fill():
        db.create_all()
        db.session.add(User(name="ada", password=generate_password_hash("lovelace", "pbkdf2:sha256:1000")))
        db.session.commit()

    return app
