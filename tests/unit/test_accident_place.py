"""Places made comparable: road tokens out of real texts of the open data, cells of the grid, coordinates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.police.place import CELL_MICRODEGREES, Reading, cell, neighbours, point, roads

ROADS = [
    # addresses: house number, lane, distance and direction go; the section stays
    ("彰化縣大村鄉貢旗村田洋巷7號前0.0公尺東側", ()),
    ("桃園市觀音區福山路二段403巷前0.0公尺附近", ("觀音區福山路2段",)),
    ("臺中市大里區東昇里新仁路二段7號前0.0公尺", ("大里區新仁路2段",)),
    ("彰化縣彰化市中里路3號", ("彰化市中里路",)),
    ("高雄市橋頭區村里林西路 / 高雄市橋頭區西林路", ("橋頭區西林路", "橋頭區里林西路")),
    ("花蓮縣新城鄉嘉里三街145號前0.0公尺", ("新城鄉嘉里3街",)),
    ("桃園市平鎮區中興路平鎮段110號前0.0公尺", ("平鎮區中興路",)),
    ("新北市中和區新北市中和區秀朗橋(機車道往新店)", ("中和區秀朗橋",)),
    ("臺北市萬華區忠孝橋前0.0公尺", ("萬華區忠孝橋",)),
    # crossings
    ("新北市淡水區中正路 / 新北市淡水區真理街", ("淡水區中正路", "淡水區真理街")),
    ("新北市汐止區大同路2段 / 新北市汐止區大同路2段", ("汐止區大同路2段",)),
    ("桃園市中壢區中榮里中正路南側 / 桃園市中壢區中榮里延平路口", ("中壢區中正路", "中壢區延平路")),
    ("雲林縣斗南鎮大業路、大同路口", ("斗南鎮大同路", "斗南鎮大業路")),
    ("新竹市東區中華路二段與民主路口", ("新竹市東區中華路2段", "新竹市東區民主路")),
    ("桃園市中壢區介壽路2段口 / 桃園市中壢區介壽路2段口", ("中壢區介壽路2段",)),
    ("臺中市西屯區惠來里惠來路三段 / 臺中市西屯區惠來里臺灣大道", ("西屯區台灣大道", "西屯區惠來路3段")),
    # highways: a kilometre places them in the whole country
    ("臺東縣長濱鄉台11線 78公里200.0公尺處附近", ("台11線78公里",)),
    ("臺北市內湖區國道1號 17公里400.0公尺處北側向外側", ("國道1號17公里",)),
    ("宜蘭縣蘇澳鎮台2線166.7公里處(蘇港路北上車道)", ("台2線166公里",)),
    ("新竹縣峨眉鄉台3線南向88K處附近", ("台3線88公里",)),
    ("高雄市六龜區新寮里台28省道45KM號前0.0公尺", ("台28線45公里",)),
    ("屏東縣滿州鄉屏200線6.5k", ("屏200線6公里",)),
    ("宜蘭縣三星鄉台七丙線4.6公里", ("台7丙線4公里",)),
    ("花蓮縣富里鄉台9 302公里500.0公尺處南向中內", ("台9線302公里",)),
    ("雲林縣大埤鄉157 1公里600.0公尺處東向外側", ("157線1公里",)),
    ("桃園市觀音區台61北上43.7K", ("台61線43公里",)),
    ("嘉義縣大林鎮三村里台一線250.1公里南下車道", ("台1線250公里",)),
    ("臺南市麻豆區縣176線 25公里100.0公尺處東側向路肩", ("176線25公里",)),
    ("嘉義縣番路鄉江西村江西寮6之1號前(159甲線9公里700公尺處)", ("159甲線9公里",)),
    ("臺南市七股區篤加里【南29線0.9公里處】", ("南29線0公里",)),
    # without one they belong to the district
    ("新北市板橋區臺65線道路前0.0公尺", ("板橋區台65線",)),
    ("雲林縣斗南鎮158乙縣與雲187鄉道路口", ("斗南鎮158乙線", "斗南鎮雲187線")),
    ("屏東縣潮州鎮台一線與四維路口", ("潮州鎮台1線", "潮州鎮四維路")),
    ("屏東縣九如鄉國三下平面車道(近五權路口)", ("九如鄉國道3號",)),
    # nothing that names a road
    ("新北市三芝區產業道路", ()),
    ("嘉義縣義竹鄉埤前村產業道路埤前7分15電力桿旁", ()),
    ("彰化縣芳苑鄉", ()),
    ("南投縣南投市無名路", ()),
    ("", ()),
]


@pytest.mark.parametrize(("text", "expected"), ROADS)
def test_the_roads_of_a_place(text, expected):
    assert roads(text) == expected


SAME = [
    ("臺東縣臺東市四維路二段", "台東縣台東市四維路2段"),
    ("臺東縣臺東市四維路二段", "台東市四維路２段"),
    ("臺中市西區忠明里中興街", "臺中市西區中興街100號"),
    ("新北市板橋區中正路", "板橋區中正路前0.0公尺"),
    ("國道三號 187公里", "國道3號 187公里600.0公尺處北側向外側"),
    ("台十一線 67公里", "臺11線 67.5K"),
    ("雲澤市中央區和風路二段", "中央區和風路2段"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_writings_of_a_place_have_one_token(one, other):
    assert roads(one) == roads(other) != ()


def test_districts_of_one_name_in_two_cities_stay_apart():
    assert roads("臺北市中正區信義路1段") != roads("基隆市中正區信義路1段")


@given(st.text(max_size=60))
def test_any_text_gives_sorted_tokens(text):
    tokens = roads(text)
    assert list(tokens) == sorted(set(tokens))


@given(st.text(alphabet="台縣市區鄉村里路街段大道線國號橋0123456789 公里一二三十甲()/與口", max_size=400))
def test_any_place_like_text_gives_tokens(text):
    assert all(token and not token.isspace() for token in roads(text))


TAIWAN = st.tuples(st.floats(118, 123), st.floats(21, 27))


@given(TAIWAN)
def test_neighbours_are_the_eight_cells_around(at):
    here = cell(*at)
    around = neighbours(here)
    assert len(set(around)) == 8 and here not in around
    assert all(here in neighbours(one) for one in around)


@given(TAIWAN, st.floats(-0.0019, 0.0019), st.floats(-0.0019, 0.0019))
def test_two_readings_of_one_spot_find_each_other(at, east, north):
    here, there = cell(*at), cell(at[0] + east, at[1] + north)
    assert there == here or there in neighbours(here)


def test_a_cell_is_about_200_metres_wide():
    assert cell(121.0001, 24.0001) == cell(121.0019, 24.0019) != cell(121.0021, 24.0001)
    assert CELL_MICRODEGREES == 2000


POINTS = [
    ((121.458735, 25.046627), (Reading.RIGHT, 121.458735, 25.046627)),
    ((118.32, 24.43), (Reading.RIGHT, 118.32, 24.43)),  # 金門
    ((119.95, 26.16), (Reading.RIGHT, 119.95, 26.16)),  # 連江
    ((24.140329, 120.696681), (Reading.SWAPPED, 120.696681, 24.140329)),
    ((111.0, 11.0), (Reading.OUTSIDE, 111.0, 11.0)),
    ((125.0, 25.0), (Reading.OUTSIDE, 125.0, 25.0)),
    ((0.0, 0.0), (Reading.OUTSIDE, 0.0, 0.0)),
]


@pytest.mark.parametrize(("given_pair", "expected"), POINTS)
def test_coordinates_are_right_swapped_or_outside(given_pair, expected):
    assert point(*given_pair) == expected
