"""An OpenAPI document read into operations: parameters, bodies, responses, security schemes, and the dialect of 3.0."""
