"""The application: one page that names the Python it runs on."""

import platform

import flask

app = flask.Flask(__name__)


@app.get("/")
def hello() -> str:
    return f"Hello from Python {platform.python_version()}\n"
