"""An AWS on loopback: moto, with what it lacks for a stack of oktastream.

    python3 launch.py

prints "port N" once it serves on 127.0.0.1:N, and ends when its standard input
does, so that it cannot outlive the test that started it. Environment:

    E2E_INVOKE  URL to which a rule's call of a function is POSTed
    E2E_INTAKE  URL that stands for https://http-intake.logs.<any site of Datadog>
    E2E_HOUR    seconds that stand for an hour of EventBridge's retries

Each module patches one part of moto 5.2.1; each patch says what moto does
without it.
"""

import os
import sys
import threading

import moto
from werkzeug.serving import make_server

WANTED = "5.2.1"


def main():
    if moto.__version__ != WANTED:
        sys.exit(f"moto is {moto.__version__}: the patches are for {WANTED}")
    import buses
    import cloudformation
    import functions
    import keys
    import logs
    import queues

    for module in (cloudformation, buses, functions, keys, queues, logs):
        module.patch()
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    app = with_content_type(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=end_with_stdin, daemon=True).start()
    print("port", server.server_port, flush=True)
    server.serve_forever()


def with_content_type(app):
    """Answers AWS's JSON protocols with their content type. moto says text/html,
    which oktastream does not take for a response of AWS."""

    def call(environ, start_response):
        def start(status, headers, *rest):
            if environ.get("HTTP_X_AMZ_TARGET"):
                headers = [h for h in headers if h[0].lower() != "content-type"]
                headers.append(("Content-Type", environ.get("CONTENT_TYPE") or "application/x-amz-json-1.1"))
            return start_response(status, headers, *rest)

        return app(environ, start)

    return call


def end_with_stdin():
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
