"""The dashboard's server: `srcsel app` or `streamlit run app.py`.

Its script is srcsel/ui/app/main.py.
"""

import streamlit as st

from srcsel.ui.server import server

server.require_sign_in()
app = st.App(
    server.SCRIPT,
    routes=server.ROUTES,
    middleware=server.MIDDLEWARE,
    lifespan=server.lifespan,
    on_script_error=server.on_script_error,
)
