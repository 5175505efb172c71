"""The control API under `/__mock`: its document and what each of its operations does."""
