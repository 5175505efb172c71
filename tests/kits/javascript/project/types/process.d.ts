// Node's `process`, which browsers lack.
declare var process: { env: Record<string, string | undefined> } | undefined;
