"""The frame of every page: navigation, the filters in the sidebar, and notices about the URL and the store."""

from pathlib import Path

import streamlit as st

from audit_store.errors import AuditStoreError
from dashboard import active_catalogue, data, notices
from dashboard.charts import parts
from dashboard.filters import first_view, page_links, sidebar, url_state
from dashboard.frame import header
from dashboard.log import pin
from dashboard.spikes import states
from dashboard.store_page import health
from dashboard.text import heading

pages = {
    ":material/monitoring:": st.Page("../pages/activity.py", title="Activity", default=True),
    ":material/list_alt:": st.Page("../pages/log.py", title="Audit log", url_path="log"),
    ":material/crisis_alert:": st.Page("../pages/spikes.py", title="Login spikes", url_path="spikes"),
    ":material/person:": st.Page("../pages/agent.py", title="Agent", url_path="agent"),
    ":material/database:": st.Page("../pages/store.py", title="Store", url_path="store"),
}
# The pages that are drawn again when what they show changes; the others follow the store by themselves.
STATES = {"": data.version, "agent": data.version, "store": health.state}
# The built-in menu drops the filters from the URL and loads its icons from another host.
page = st.navigation(list(pages.values()), position="hidden")
page_links.follow()
first_view.open_once()
icon = Path(__file__).with_name("icon.svg")
st.set_page_config(f"{page.title} · {header.PRODUCT}", icon, layout="wide")
st.logo(icon)
parts.skip_validation()
request = url_state.read()
where = request.where
with st.sidebar.container(gap="xxsmall"):
    for symbol, other in pages.items():
        st.page_link(other, icon=symbol, query_params=url_state.link(where), width="stretch")

if page.url_path != "log":
    pin.unpin()

header.draw(page.title, where.tz, STATES.get(page.url_path))
notices.ignored_values(request.ignored)
notices.waiting_events()
for problem in (active_catalogue.problem(), states.problem()):
    if problem is not None:
        notices.line(problem)
if page.url_path == "store":
    sidebar.draw_zone(where)
    page.run()
    st.stop()
with notices.explained(where):
    try:
        around = data.surroundings(where)
    except AuditStoreError:
        sidebar.draw(request, {})
        raise
    sidebar.draw(request, around.facets)
    if around.extent.events == 0:
        notices.empty(data.store().path)
    else:
        if page.url_path != "log":
            st.text(heading(where.sentence()))
        page.run()
