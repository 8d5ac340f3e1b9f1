"""Static files with hashed names, compressed."""

from collections.abc import Iterator
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

# Files of installed packages that no page uses, and which name files their package does not ship.
LEFT_ALONE = ("django_htmx/ext/",)


class Storage(CompressedManifestStaticFilesStorage):
    """Hashed names in our own files and modules; installed packages may name source maps that they don't ship."""

    manifest_strict = True
    support_js_module_import_aggregation = True
    patterns = tuple(
        (extension, tuple(p for p in found if "sourceMappingURL" not in str(p)))
        for extension, found in CompressedManifestStaticFilesStorage.patterns
    )

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        used = {name: path for name, path in paths.items() if not name.startswith(LEFT_ALONE)}
        return super().post_process(used, dry_run, **options)
