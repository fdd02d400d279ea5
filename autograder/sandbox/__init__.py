"""Student code in a process of its own, behind walls and limits, answering calls over a typed wire.

Three processes: the grader (`client`), the forkserver (`forkserver`: imports done, runs no student code) and one
worker per submission (`worker`), which forks once more for each question. The grader never unpickles, never trusts a
length or a type, and never runs code that came from a worker.
"""
