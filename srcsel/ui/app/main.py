"""The dashboard's script: runs before every page, draws the frame around it."""

from srcsel.ui.app import frame

frame.show()
