"""XML by the schemas of a document: how a value is written as XML, and what value an XML document is."""
