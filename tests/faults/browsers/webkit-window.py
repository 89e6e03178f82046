#!/usr/bin/python3
"""A browser of WebKitGTK for WebKitWebDriver: windows, and a profile on disk. webkit-window.py DIRECTORY allowed|blocked

https://webkitgtk.org/reference/webkit2gtk/stable/class.AutomationSession.html
"""

import os
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2

# A browser saves its session before it ends. The pages have this time for their last handlers.
LAST_WORDS_MS = 500

profile, cookies = sys.argv[1:3]
manager = WebKit2.WebsiteDataManager(
    base_data_directory=os.path.join(profile, "data"),
    base_cache_directory=os.path.join(profile, "cache"),
)
context = WebKit2.WebContext(website_data_manager=manager)
jar = context.get_cookie_manager()
jar.set_persistent_storage(os.path.join(profile, "cookies.sqlite"), WebKit2.CookiePersistentStorage.SQLITE)
if cookies == "blocked":
    jar.set_accept_policy(WebKit2.CookieAcceptPolicy.NEVER)
context.set_automation_allowed(True)
windows = set()


def open_window(_session):
    view = WebKit2.WebView(web_context=context, is_controlled_by_automation=True)
    window = Gtk.Window(default_width=1000, default_height=700)
    window.add(view)
    windows.add(window)
    view.connect("close", lambda _view: window.destroy())
    window.connect("destroy", closed)
    window.show_all()
    return view


def closed(window):
    windows.discard(window)
    if not windows:
        GLib.timeout_add(LAST_WORDS_MS, Gtk.main_quit)


def started(_context, session):
    # The name that the driver asks for.
    about = WebKit2.ApplicationInfo()
    about.set_name("WebKitGTK")
    session.set_application_info(about)
    session.connect("create-web-view", open_window)


def write(name, text):
    with open(os.path.join(profile, name), "w", encoding="utf-8") as file:
        file.write(text)


write("pid", str(os.getpid()))
write("version", f"{WebKit2.get_major_version()}.{WebKit2.get_minor_version()}.{WebKit2.get_micro_version()}")
context.connect("automation-started", started)
Gtk.main()
