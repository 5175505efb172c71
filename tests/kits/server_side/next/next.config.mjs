const { pathname } = new URL("..", import.meta.url);

export default {
  turbopack: { root: pathname },
  serverExternalPackages: [
    "@opentelemetry/instrumentation-http",
    "@opentelemetry/instrumentation-undici",
    "@opentelemetry/sdk-node",
  ],
};
