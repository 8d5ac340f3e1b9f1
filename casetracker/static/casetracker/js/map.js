// Draws [data-map]: its points (data-point, data-lat, data-lon, WGS-84 degrees) on a plain grid, over the tiles of
// data-tiles (an address with {z}, {x}, {y}) only where the installation names a map server. Needs Leaflet's global L.
// Without it the page shows the coordinates in words.
const NEAREST = 17;

function points(map) {
  return [...map.querySelectorAll("[data-point]")].map((one) => ({
    at: [Number(one.dataset.lat), Number(one.dataset.lon)],
    name: one.dataset.name,
    main: "main" in one.dataset,
  }));
}

function draw(box) {
  const found = points(box);
  if (!found.length) return;
  // On a phone one finger scrolls the page, not the map.
  const dragging = !L.Browser.mobile;
  const map = L.map(box, { zoomControl: false, attributionControl: false, scrollWheelZoom: false, dragging });
  L.control.zoom({ zoomInTitle: box.dataset.zoomIn, zoomOutTitle: box.dataset.zoomOut }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  if (box.dataset.tiles) L.tileLayer(box.dataset.tiles, { maxZoom: 19 }).addTo(map);
  for (const point of [...found].sort((one, other) => one.main - other.main)) {
    const circle = L.circleMarker(point.at, {
      radius: point.main ? 9 : 6,
      className: point.main ? "map-point is-main" : "map-point",
    });
    const label = document.createElement("span");
    label.textContent = point.name;
    circle.bindTooltip(label);
    circle.addTo(map);
  }
  map.fitBounds(L.latLngBounds(found.map((point) => point.at)), { maxZoom: NEAREST, padding: [24, 24] });
}

if (window.L) document.querySelectorAll("[data-map]").forEach(draw);
