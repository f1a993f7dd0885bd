"""Finding the application that a command line names, and saying what is wrong with one that does not."""

import sys
import textwrap

import pytest

from demijohn.manage.cli.loading import ApplicationImportError, ApplicationNotFoundError, Location, load, locate


class Project:
    """A directory with files, in which the user stands."""

    def __init__(self, directory):
        self.directory = directory

    def write(self, **files):
        for name, text in files.items():
            path = self.directory / name.replace("__slash__", "/").replace("_py", ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))

    def locate(self, words=None, **environ):
        return locate(words, str(self.directory), environ)

    def load(self, words=None, **environ):
        return load(self.locate(words, **environ))

    def refusal(self, words=None, **environ):
        with pytest.raises(ApplicationNotFoundError) as caught:
            self.load(words, **environ)
        return str(caught.value)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield Project(tmp_path)
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


APP = "def app(environ, start_response): return ['app']\n"


@pytest.mark.parametrize("words", ["shop_one:app", "shop_one", "shop_one.py", "shop_one.py:app", "./shop_one.py"])
def test_ways_to_name_the_same_application(project, words):
    project.write(shop_one_py=APP)
    assert project.load(words)({}, None) == ["app"]


def test_a_file_elsewhere_is_imported_from_its_own_directory(project):
    project.write(
        deep__slash__inside__slash__shop_two_py=f"import shop_two_part\n{APP}",
        deep__slash__inside__slash__shop_two_part_py="",
    )
    assert project.load("deep/inside/shop_two.py")({}, None) == ["app"]
    assert project.locate("deep/inside/shop_two.py").directory == str(project.directory / "deep" / "inside")


def test_a_file_in_a_package_keeps_its_full_name(project):
    project.write(
        src__slash__shop_three__slash____init___py="",
        src__slash__shop_three__slash__web__slash____init___py="",
        src__slash__shop_three__slash__web__slash__main_py=f"from . import __name__ as package\n{APP}",
    )
    location = project.locate("src/shop_three/web/main.py:app")
    assert (location.directory, location.module) == (str(project.directory / "src"), "shop_three.web.main")
    assert project.load("src/shop_three/web/main.py:app")({}, None) == ["app"]


def test_packages_and_directories(project):
    project.write(
        shop_four__slash____init___py=APP, site_five__slash__wsgi_py="application = " + "lambda e, s: ['five']"
    )
    assert project.load("shop_four")({}, None) == ["app"]
    assert project.load("site_five")({}, None) == ["five"]
    project.write(empty__slash__readme="")
    assert "is a directory without" in project.refusal("empty")


def test_a_module_wins_over_a_directory_of_its_name(project):
    project.write(shop_six_py=APP, shop_six__slash__data="")
    assert project.load("shop_six:app")({}, None) == ["app"]


def test_without_words_the_environment_and_then_the_usual_files(project):
    project.write(app_py="application = lambda e, s: ['app.py']", named_py="app = lambda e, s: ['named']")
    assert project.load(DEMIJOHN_APP="named", FLASK_APP="no such thing")({}, None) == ["named"]
    assert project.load(FLASK_APP="named:app")({}, None) == ["named"]
    assert project.load(FLASK_APP="")({}, None) == ["app.py"]
    project.write(wsgi_py="")
    assert project.locate() == Location(str(project.directory), "app", None, "app.py"), "app.py comes before wsgi.py"


def test_without_anything_the_message_says_what_was_tried(project):
    project.write(main_py="", other_py="")
    message = project.refusal()
    assert "DEMIJOHN_APP and FLASK_APP" in message
    assert "app.py and wsgi.py" in message
    assert "main.py and other.py" in message


def test_factories(project):
    project.write(
        factories="",
        factories_py="""
        def create_app(name="default", *, loud=False):
            return lambda environ, start_response: [name, loud]

        def build():
            return create_app("built")

        def wsgi(environ, start_response):
            return ["wsgi"]
        """,
    )
    assert project.load("factories")({}, None) == ["default", False]
    assert project.load("factories:create_app")({}, None) == ["default", False]
    assert project.load("factories:create_app()")({}, None) == ["default", False]
    assert project.load("factories:create_app('shop', loud=True)")({}, None) == ["shop", True]
    assert project.load("factories:build")({}, None) == ["built", False], (
        "it needs no arguments, so it is no application"
    )
    assert project.load("factories:wsgi")({}, None) == ["wsgi"]
    assert "only literals" in project.refusal("factories:create_app(open('x'))")


def test_attributes_of_attributes_and_methods(project):
    project.write(
        nested_py="""
        class Site:
            def wsgi(self, environ, start_response): return ["method"]
            def make(self): return self.wsgi
        site = Site()
        """
    )
    assert project.load("nested:site.wsgi")({}, None) == ["method"]
    assert project.load("nested:site.make()")({}, None) == ["method"]
    assert "'site.nope' does not exist" in project.refusal("nested:site.nope")


def test_the_only_demijohn_object_is_found_whatever_its_name(project):
    project.write(one_only_py="from demijohn import Demijohn\nshop = Demijohn('shop')\nsame = shop\n")
    assert project.load("one_only").name == "shop"
    project.write(two_of_them_py="from demijohn import Demijohn\na = Demijohn('a')\nb = Demijohn('b')\n")
    assert "several applications: a and b" in project.refusal("two_of_them")
    assert "'two_of_them:a'" in project.refusal("two_of_them")


def test_a_wrong_module_names_what_is_there(project):
    project.write(guestbook_seven_py=APP)
    message = project.refusal("guestbok_seven:app")
    assert "no module 'guestbok_seven'" in message
    assert "Did you mean 'guestbook_seven'?" in message
    assert "no module 'guestbook_seven.web'" in project.refusal("guestbook_seven.web:app")


def test_a_wrong_file_names_what_is_there(project):
    project.write(web__slash__shop_eight_py=APP)
    message = project.refusal("web/shop_ate.py:app")
    assert "There is no 'shop_ate.py' in" in message
    assert "Did you mean 'shop_eight.py'?" in message
    assert "There is no 'nowhere' in" in project.refusal("nowhere/at/all.py")


def test_a_wrong_attribute_names_what_is_there(project):
    project.write(
        shop_nine_py="import os\nfrom json import loads\ndef application(e, s): ...\nclass Thing: ...\nCOUNT = 7\n"
    )
    message = project.refusal("shop_nine:aplication")
    assert "has no attribute 'aplication'. It has Thing and application. Did you mean 'application'?" in message
    assert "is a int, which cannot be called" in project.refusal("shop_nine:COUNT")


def test_a_module_without_an_application(project):
    project.write(shop_ten_py="def helper(x): ...\n", shop_eleven_py="")
    assert "no factory create_app or make_app. It has helper." in project.refusal("shop_ten")
    assert "It has no callables of its own." in project.refusal("shop_eleven")


@pytest.mark.parametrize("words", ["", ":app", "two words", "a-b:app", "7up:app", ".:app.", "shop::x"])
def test_words_that_name_nothing(project, words):
    project.write(shop_py=APP)
    assert project.refusal(words)


@pytest.mark.parametrize("expression", ["1+1", "app[0]", "app()()", "lambda: 0", "app if", "'app'", "f(*x)"])
def test_expressions_that_are_no_names_and_no_calls(project, expression):
    project.write(shop_twelve_py=APP)
    assert project.refusal(f"shop_twelve:{expression}")


@pytest.mark.parametrize(
    "text", ["1/0", "import no_such_dependency", "def broken(:", "import sys; sys.exit(7)", "raise KeyError"]
)
def test_an_application_that_cannot_be_imported_is_no_wrong_name(project, text):
    name = f"broken_{abs(hash(text))}"
    project.write(**{f"{name}_py": text})
    with pytest.raises(ApplicationImportError, match=f"Importing '{name}'") as caught:
        project.load(name)
    assert caught.value.__cause__ is not None


def test_a_factory_that_raises(project):
    project.write(factory_raises_py="def create_app():\n    raise OSError('no database')\n")
    with pytest.raises(ApplicationImportError, match=r"Calling create_app\(\) of 'factory_raises'") as caught:
        project.load("factory_raises")
    assert str(caught.value.__cause__) == "no database"
