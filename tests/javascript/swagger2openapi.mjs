// Converts the Swagger 2.0 document on the standard input with swagger2openapi, and prints the OpenAPI 3.0 document.
import { readFileSync } from 'node:fs';
import converter from 'swagger2openapi';

const document = JSON.parse(readFileSync(0, 'utf8'));
const { openapi } = await converter.convertObj(document, { patch: true, warnOnly: true });
process.stdout.write(JSON.stringify(openapi));
