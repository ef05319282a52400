#!/bin/sh
# Install what pip cannot bring, where this machine allows it; say clearly what is missing where not.
#   OpenGL without a screen: the 3D previews.  dicom3tools: dciodvfy, a conformance check in the tests.
#   xkbcommon, fontconfig, dbus, a font: Qt without a screen, where the panel is tested.
packages="libegl1 libgl1 libglx0 libopengl0 libgl1-mesa-dri libosmesa6 libxrender1 dicom3tools
    libxkbcommon0 libfontconfig1 libdbus-1-3 libglib2.0-0 libgssapi-krb5-2 fonts-dejavu-core"

missing=""
command -v dpkg-query >/dev/null 2>&1 || {
    echo "system: no Debian packages here; if previews fail, install Mesa's EGL or OSMesa by hand"
    exit 0
}
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ]; then as_root=""
elif sudo -n true 2>/dev/null; then as_root="sudo -n"
else
    echo "system: not root, so these stay missing and what needs them is skipped:$missing"
    exit 0
fi
echo "system: installing$missing"
export DEBIAN_FRONTEND=noninteractive
for package in $missing; do
    $as_root apt-get install -y -q "$package" >/dev/null 2>&1 && continue
    [ -z "$updated" ] && { $as_root apt-get update -q >/dev/null 2>&1; updated=yes; }
    $as_root apt-get install -y -q "$package" >/dev/null 2>&1 ||
        echo "system: $package could not be installed; what needs it is skipped"
done
exit 0
