"""The bundled demo: picture sets, source tasks, the small source models, and the script that
trained them.

    targets.py  picture sets to find a starting model for; written out as ordinary folders
    tasks.py    what the demo's source models were trained on; all made by code
    train.py    python -m srcsel.demo.train: from nothing to weights/<name>.safetensors and its card

The two sides share no picture and no generator: a target is never drawn by a source task's code.
"""
