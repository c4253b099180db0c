"""What a client learns about the site before it reads content: index, types, taxonomies, itself."""

from sync_assets.demo.access import NOBODY
from sync_assets.demo.bodies import Json, taxonomy_body, type_body, user_body
from sync_assets.demo.calls import Call
from sync_assets.demo.errors import ApiError, cannot_view
from sync_assets.demo.query import wants_edit
from sync_assets.demo.site import Site
from sync_assets.demo.times import gmt_offset


def index(site: Site) -> Json:
    """`/wp-json/`: the name, the time zone, what is installed."""
    routes = [f"/wp/v2/{base}" for base in (*site.post_types, *site.taxonomies)]
    authorization = f"{site.url}/wp-admin/authorize-application.php"
    return {
        "name": site.name,
        "description": site.description,
        "url": site.url,
        "home": site.url,
        "gmt_offset": gmt_offset(site.clock(), site.zone),
        "timezone_string": site.timezone,
        "namespaces": ["oembed/1.0", *(["acf/v3"] if site.acf_v3 else []), "wp/v2"],
        "authentication": {
            "application-passwords": {"endpoints": {"authorization": authorization}}
        },
        "routes": {route: {"namespace": "wp/v2", "methods": ["GET"]} for route in routes},
        "site_logo": 0,
        "site_icon": 0,
    }


def types(call: Call) -> Json:
    """`/wp/v2/types`, keyed by name; in the edit context those that the visitor may edit."""
    edit = wants_edit(call.request.params)
    kinds = [
        kind
        for kind in call.site.post_types.values()
        if not edit or call.visitor.can(f"edit_{kind.rights}")
    ]
    if not kinds:
        raise cannot_view(call.visitor, "edit posts in this post type")
    return {kind.name: type_body(call.site, kind, edit=edit) for kind in kinds}


def taxonomies(call: Call) -> Json:
    """`/wp/v2/taxonomies`, keyed by name. Terms are assigned with the right to edit posts."""
    edit = wants_edit(call.request.params)
    if edit and not call.visitor.can("edit_posts"):
        raise cannot_view(call.visitor, "manage terms in this taxonomy")
    return {
        taxonomy.name: taxonomy_body(call.site, taxonomy, edit=edit)
        for taxonomy in call.site.taxonomies.values()
        if taxonomy.public or not edit or call.visitor.can(taxonomy.right)
    }


def me(call: Call) -> Json:
    """`/wp/v2/users/me`: the one route that tells bad credentials from none needed."""
    if call.visitor is NOBODY:
        raise ApiError(401, "rest_not_logged_in", "You are not currently logged in.")
    user = call.site.users.get(call.visitor.name)
    return user_body(call.site, user, edit=wants_edit(call.request.params))
