"""Functions for what resources.yaml cannot express; each responds to an operation. See docs/handlers.md."""

from typing import Any

from mockserver import handler


@handler("finishAllTasks")
def finish_all_tasks(records: Any) -> dict[str, Any]:
    """Finish every task that is not finished yet."""
    open_tasks = [task for task in records.tasks.all() if task["status"] != "finished"]
    for task in open_tasks:
        records.tasks.fire(task["id"], "finish")
    return {"finished": len(open_tasks)}
