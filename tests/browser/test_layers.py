"""Layers one by one: plans by kind and status, opacity in the link, travel time, access points, the plot from near."""

from __future__ import annotations

import pytest

from siteplan.outputs import webmap

pytestmark = pytest.mark.require("chromium")


def drawn(page, layer: str) -> int:
    """Painted pixels of a layer's own canvas."""
    page.wait_for_timeout(150)
    return page.evaluate(
        """name => {
          const c = [...document.querySelectorAll('.leaflet-pane')].find(p => p.className.includes('_' + name + '-'))
            .querySelector('canvas');
          if (!c) return 0;
          const copy = new OffscreenCanvas(c.width, c.height).getContext('2d', { willReadFrequently: true });
          copy.drawImage(c, 0, 0);
          const d = copy.getImageData(0, 0, c.width, c.height).data;
          let n = 0;
          for (let i = 3; i < d.length; i += 4) if (d[i]) n++;
          return n;
        }""",
        layer,
    )


def tick(page, layer: str, key: str):
    return page.locator(f"[data-layer='{layer}'] [data-tick='{key}']")


def test_plans_are_ticked_off_by_kind_and_by_status(open_map, map_file):
    page = open_map(map_file)
    page.locator("#layers-button").click()
    page.locator("#layer-plans_in_force").check()
    both = drawn(page, "plans_in_force")
    tick(page, "plans_in_force", "forest").uncheck()
    one = drawn(page, "plans_in_force")
    assert 0 < one < both
    tick(page, "plans_in_force", "status:approved").uncheck()
    assert drawn(page, "plans_in_force") == 0
    tick(page, "plans_in_force", "forest").check()
    assert 0 < drawn(page, "plans_in_force") < both
    lines = page.locator("[data-layer='plans_in_force'] .classes li").all_inner_texts()
    assert "Quy hoạch ba loại rừng" in lines
    assert {"đã phê duyệt", "đã điều chỉnh"} <= set(lines)


def test_the_link_keeps_opacity_and_what_is_ticked_off(open_map, map_file, wait_for):
    sender = open_map(map_file)
    sender.locator("#layers-button").click()
    sender.locator("#layer-plans_in_force").check()
    sender.get_by_label("Độ đậm của lớp Ô quy hoạch đã phê duyệt").fill("35")
    tick(sender, "plans_in_force", "status:approved").uncheck()
    wait_for(sender, "location.hash.includes('plans_in_force~35!status')")
    reader = open_map(map_file, fragment=sender.evaluate("location.hash"))
    reader.locator("#layers-button").click()
    assert reader.get_by_label("Độ đậm của lớp Ô quy hoạch đã phê duyệt").input_value() == "35"
    assert not tick(reader, "plans_in_force", "status:approved").is_checked()
    assert tick(reader, "plans_in_force", "forest").is_checked()
    assert drawn(reader, "plans_in_force") == drawn(sender, "plans_in_force") > 0


def test_the_travel_time_is_each_options_own_and_stands_in_the_legend(open_map, comparison_file, map_file):
    page = open_map(comparison_file)
    page.locator("#layers-button").click()
    page.locator("#layer-travel").check()
    left, right = (page.locator(".pane").nth(i).locator("img.leaflet-image-layer") for i in (0, 1))
    shown = [[n.get_attribute("src") for n in side.all()] for side in (left, right)]
    assert len(shown[0]) == len(shown[1]) == 2  # the hillshade, which both share, and the minutes
    assert len(set(shown[0]) & set(shown[1])) == 1
    single = open_map(map_file)
    single.locator("#layers-button").click()
    assert "trên 60 phút" not in single.locator(".map-legend").inner_text()
    single.locator("#layer-travel").check()
    assert "trên 60 phút" in single.locator(".map-legend").inner_text()


def test_the_place_people_reach_soonest_tells_its_minutes(open_map, map_file):
    page = open_map(map_file)
    page.locator("#layers-button").click()
    page.locator("#layer-access_points").check()
    page.locator("#layers-button").click()
    box = page.locator(".map-holder").bounding_box()
    at = page.evaluate(
        """() => {
          const m = SP.model(SP.content, SP.content.runs[0], SP.words(SP.content)).accessPointOf.get('06004');
          const p = map_siteplan_1.latLngToContainerPoint(SP.shapes.centre(m.box));
          return [p.x, p.y];
        }"""
    )
    page.mouse.move(box["x"] + at[0], box["y"] + at[1])
    page.locator(".tip", has_text="bình quân 16,5 phút; 80,0 % dân trong 30 phút").wait_for(timeout=5000)


def test_a_map_of_one_commune_tells_nothing_of_the_places_of_others(map_run, style, tmp_path):
    from siteplan.outputs.webmap.one_commune import CommuneRun

    run = map_run.build(tmp_path)
    own = CommuneRun(run, "06003")
    assert list(own.table("access_points")["commune_code"]) == ["06003"]
    whole, part = run.raster("travel_time"), own.raster("travel_time")
    assert (whole.values != 255).mean() > 0.95
    assert (part.values != 255).mean() == pytest.approx(1 / 9, abs=0.01)
    webmap.write_map(run, tmp_path / "m.html", style, commune="06003")


def test_a_site_is_shown_so_near_that_its_plot_is_seen(open_map, map_file, wait_for):
    page = open_map(map_file)
    page.locator(".line[data-code='06003']").click()
    page.locator(".card .site-line").first.click()
    wait_for(page, "map_siteplan_1.getZoom() >= 16.75")
    width = page.evaluate(
        """() => {
          const b = SP.model(SP.content, SP.content.runs[0], SP.words(SP.content)).bySite.get('06003-K-aaaaaa').box;
          const [west, east] = [b[1], b[3]].map(x => map_siteplan_1.latLngToContainerPoint([b[0], x]).x);
          return east - west;
        }"""
    )
    assert width > 60  # 80 m on the ground; the mark is some 20 pixels wide
