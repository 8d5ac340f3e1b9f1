"""Static files with hashed names, compressed."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):
    """Hashed names in our own files and modules; installed packages may name source maps that they don't ship."""

    manifest_strict = True
    support_js_module_import_aggregation = True
    patterns = tuple(
        (extension, tuple(p for p in found if "sourceMappingURL" not in str(p)))
        for extension, found in CompressedManifestStaticFilesStorage.patterns
    )
