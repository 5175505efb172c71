// The parts of Cypress's own types that the kit's types extend and use.
import "mockserver-kit/cypress";

declare global {
  namespace Cypress {
    interface Chainable<Subject = any> {
      then<Result>(use: (subject: Subject) => Result | PromiseLike<Result>): Chainable<Result>;
    }
  }
  const cy: Cypress.Chainable<undefined>;
}

cy.mock().then((mock) => mock.advance("6s")).then((clock) => clock.fired.length.toFixed());
// @ts-expect-error not a member of the client
cy.mock().then((mock) => mock.restart());
