# docker build -t mockserver . && docker run --rm -p 127.0.0.1:4080:4080 -v "$PWD/my-mock:/contract:ro" mockserver
FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/mockserver && /opt/mockserver/bin/pip install --no-cache-dir ".[redis]"

FROM python:3.13-slim
COPY --from=build /opt/mockserver /opt/mockserver
# The built-in example, which a directory that is mounted at /contract replaces.
COPY schemas /contract/schemas
COPY fixtures /contract/fixtures
COPY scenarios /contract/scenarios
RUN useradd --system --no-create-home mockserver
USER mockserver
# A container is reached from outside of it, so the control API needs a token: MOCKSERVER_TOKEN, or the one in the log.
ENV PATH=/opt/mockserver/bin:$PATH MOCKSERVER_HOST=0.0.0.0
EXPOSE 4080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --start-interval=1s \
  CMD ["python", "-c", "from os import environ as e; from ssl import _create_unverified_context as c; from urllib.request import urlopen; port = e.get('MOCKSERVER_PORT', ''); urlopen(('https' if e.get('MOCKSERVER_TLS_CERT') else 'http') + '://127.0.0.1:' + (port if port.isdigit() else '4080') + '/__mock/health', timeout=2, context=c())"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["mockserver"]
CMD ["serve", "/contract"]
