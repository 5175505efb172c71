import type { Client } from "./client.js";

declare global {
  namespace Cypress {
    interface Chainable<Subject = any> {
      /** The mock server, in the sandbox of this test. */
      mock(): Chainable<Client>;
    }
  }
}

export {};
