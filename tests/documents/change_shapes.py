"""Documents whose operations change records in other ways than by their members, each with requests and responses.

The lines of requests are those of `api_shapes`. The clock stands at 2026-01-01.
"""

from __future__ import annotations

from typing import Any

from tests.documents.shapes import INTEGER, TEXT, array_of, crud, operation, record

Paths = dict[str, dict[str, Any]]
TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
PERHAPS_TIME: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
BOOLEAN: dict[str, Any] = {"type": "boolean"}
NOTE = record(id=TEXT, text=TEXT, updated_at=TIME, archived_at=PERHAPS_TIME, deleted_at=PERHAPS_TIME)
NEW_NOTE = record(id=TEXT, text=TEXT)
TASK = {
    **record(id=TEXT, status={"enum": ["todo", "in_progress", "done"]}),
    "properties": {
        "id": TEXT,
        "status": {"enum": ["todo", "in_progress", "done"]},
        "assignee_id": TEXT,
        "email": TEXT,
        "amount": INTEGER,
        "read": BOOLEAN,
        "started_at": TIME,
        "completed_on": {"type": "integer"},
    },
}
USER = record(name=TEXT, bio=TEXT)


def actions(path: str, schema: Any, **bodies: Any) -> Paths:
    """Actions below a record, by their words with `_` for a hyphen, each with its body."""
    return {
        f"{path}/{word.replace('_', '-')}": {"post": operation(body=bodies[word], schema=schema)} for word in bodies
    }


CHANGE_SHAPES: dict[str, tuple[Paths, str]] = {
    "times of changes, of actions, and of what has not happened": (
        {
            "/notes": {
                "get": operation(schema=array_of(NOTE)),
                "post": operation(body=NEW_NOTE, status=201, schema=NOTE),
            },
            "/notes/{note_id}": {
                "get": operation(schema=NOTE),
                "put": operation(body=NOTE, schema=NOTE),
                "patch": operation(body={**NOTE, "required": []}, schema=NOTE),
                "delete": operation(schema={"type": "object", "properties": {"message": {"const": "gone"}}}),
            },
            **actions("/notes/{note_id}", NOTE, archive=None, unarchive=None),
        },
        """
        POST /notes {"id": "a", "text": "x"} = 201 {"id": "a", "text": "x", "updated_at": "2026-01-01T00:00:00.000Z", "archived_at": null, "deleted_at": null}
        PATCH /notes/a {"updated_at": "2025-01-01T00:00:00Z"} = 200 ~{"updated_at": "2025-01-01T00:00:00Z"}
        PATCH /notes/a {"text": "x"} = 200 ~{"updated_at": "2025-01-01T00:00:00Z"}
        PATCH /notes/a {"text": "y"} = 200 ~{"updated_at": "2026-01-01T00:00:00.000Z"}
        PUT /notes/a {"id": "a", "text": "z", "updated_at": "2025-01-01T00:00:00Z", "archived_at": null, "deleted_at": null} = 200 ~{"updated_at": "2025-01-01T00:00:00Z"}
        PUT /notes/a {"id": "a", "text": "y", "updated_at": "2025-01-01T00:00:00Z", "archived_at": null, "deleted_at": null} = 200 ~{"updated_at": "2026-01-01T00:00:00.000Z"}
        POST /notes/a/archive = 200 ~{"archived_at": "2026-01-01T00:00:00.000Z"}
        POST /notes/a/unarchive = 200 ~{"archived_at": null}
        DELETE /notes/a = 200 {"message": "gone"}
        GET /notes/a = 404
        """,
    ),
    "actions with other words and with bodies": (
        crud("/tasks", "/tasks/{task_id}", TASK)
        | actions(
            "/tasks/{task_id}",
            TASK,
            start=None,
            complete=None,
            reopen=None,
            assign={"type": "object", "properties": {"assignee_id": TEXT}},
            change_email={"type": "object", "properties": {"email": TEXT}},
            refund={"type": "object", "properties": {"amount": INTEGER}},
            mark_as_read=None,
        ),
        """
        POST /tasks {"id": "a", "status": "todo"} = 201 {"id": "a", "status": "todo"}
        POST /tasks/a/start = 200 {"id": "a", "status": "in_progress", "started_at": "2026-01-01T00:00:00.000Z"}
        POST /tasks/a/complete = 200 ~{"status": "done", "completed_on": 1767225600}
        POST /tasks/a/reopen = 200 ~{"status": "done"}
        POST /tasks/a/assign {"assignee_id": "u7"} = 200 ~{"assignee_id": "u7"}
        POST /tasks/a/change-email {"email": "a@example.com"} = 200 ~{"email": "a@example.com"}
        POST /tasks/a/mark-as-read = 200 ~{"read": true}
        POST /tasks/a/refund {"amount": 9} = 200
        GET /tasks/a = 200 {"id": "a", "status": "done", "assignee_id": "u7", "email": "a@example.com", "read": true, "started_at": "2026-01-01T00:00:00.000Z", "completed_on": 1767225600}
        """,
    ),
    "a single record that is wrapped in its own name": (
        {
            "/user": {
                "get": operation(schema=record(user=USER)),
                "put": operation(body=record(user={**USER, "required": []}), schema=record(user=USER)),
            }
        },
        """
        PUT /user {"user": {"name": "Ada", "bio": "x"}} = 200 {"user": {"name": "Ada", "bio": "x"}}
        PUT /user {"user": {"name": "Ada", "bio": "y"}} = 200 {"user": {"name": "Ada", "bio": "y"}}
        GET /user = 200 {"user": {"name": "Ada", "bio": "y"}}
        """,
    ),
}
