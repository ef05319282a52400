"""The steps in a process of their own, for a front end that has to keep answering its user.

``python -m Clinic2CloudLib.worker TASK`` reads one line of JSON, the request, from standard input
and writes lines of JSON to standard output (:mod:`.channel`). Requests come that way and not as
arguments because a Series Instance UID identifies a patient and a list of processes is public.
When standard input ends, the front end has cancelled or died, and the task ends with
:class:`~Clinic2CloudLib.errors.Cancelled` and nothing half-made.
"""
