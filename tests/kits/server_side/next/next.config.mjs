export default {
  turbopack: { root: import.meta.dirname },
  serverExternalPackages: [
    "@opentelemetry/instrumentation-http",
    "@opentelemetry/instrumentation-undici",
    "@opentelemetry/sdk-node",
  ],
};
