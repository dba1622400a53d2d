"""The benchmark: light models and the zoo's, side by side in one run.

The models stand in ``models``, what is measured in ``settings``, what runs
it in ``runtimes``, ``torch_runtime`` and ``training``, how in ``memory``
and ``isolation``, what comes of it in ``report``, ``tables`` and ``plots``; ``run``
puts them together, ``progress`` tells how far it is. The comparison of published
models, without measuring, is in ``comparison``, ``quoted`` and ``comparison_page``.
"""
