"""The benchmark: light networks and the zoo's, side by side in one run.

The networks stand in ``zoo``, what is measured in ``models`` and ``settings``, how in
``backends``, ``training``, ``timing`` and ``memory``, what comes of it in ``report``,
``tables`` and ``pictures``; ``run`` puts them together. The comparison of published
networks, without measuring, is in ``comparison``, ``quoted`` and ``comparison_page``.
"""
