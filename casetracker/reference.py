"""The administrative divisions every installation starts with (GB/T 2260, and zones without a national code)."""

# (code, Chinese name, English name)
CITIES = [
    ("140100", "太原市", "Taiyuan"),
    ("141100", "吕梁市", "Lüliang"),
    ("410800", "焦作市", "Jiaozuo"),
]
COUNTIES = [
    ("140105", "小店区", "Xiaodian District"),
    ("140106", "迎泽区", "Yingze District"),
    ("140107", "杏花岭区", "Xinghualing District"),
    ("140108", "尖草坪区", "Jiancaoping District"),
    ("140109", "万柏林区", "Wanbailin District"),
    ("140110", "晋源区", "Jinyuan District"),
    ("140121", "清徐县", "Qingxu County"),
    ("140122", "阳曲县", "Yangqu County"),
    ("140123", "娄烦县", "Loufan County"),
    ("140181", "古交市", "Gujiao"),
    ("141102", "离石区", "Lishi District"),
    ("141121", "文水县", "Wenshui County"),
    ("141122", "交城县", "Jiaocheng County"),
    ("141123", "兴县", "Xing County"),
    ("141124", "临县", "Lin County"),
    ("141125", "柳林县", "Liulin County"),
    ("141126", "石楼县", "Shilou County"),
    ("141127", "岚县", "Lan County"),
    ("141128", "方山县", "Fangshan County"),
    ("141129", "中阳县", "Zhongyang County"),
    ("141130", "交口县", "Jiaokou County"),
    ("141181", "孝义市", "Xiaoyi"),
    ("141182", "汾阳市", "Fenyang"),
    ("410802", "解放区", "Jiefang District"),
    ("410803", "中站区", "Zhongzhan District"),
    ("410804", "马村区", "Macun District"),
    ("410811", "山阳区", "Shanyang District"),
    ("410821", "修武县", "Xiuwu County"),
    ("410822", "博爱县", "Bo’ai County"),
    ("410823", "武陟县", "Wuzhi County"),
    ("410825", "温县", "Wen County"),
    ("410882", "沁阳市", "Qinyang"),
    ("410883", "孟州市", "Mengzhou"),
]
# Functional zones have no national code: the city's four digits, then Z and a number.
ZONES = [
    ("4108Z1", "示范区", "Demonstration Zone", "410800", ["焦作城乡一体化示范区", "城乡一体化示范区"]),
]
# Lüliang became a city in 2003; its codes hold from that year.
VALID_FROM = {"1411": 2003}


def districts() -> list[dict[str, object]]:
    """The rows of District, parents first."""
    rows: list[dict[str, object]] = []
    for code, zh, en in [*CITIES, *COUNTIES]:
        parent = None if code.endswith("00") else code[:4] + "00"
        rows.append(
            {
                "code": code,
                "name_zh": zh,
                "name_en": en,
                "parent_id": parent,
                "valid_from": VALID_FROM.get(code[:4]),
                "is_local": False,
                "aliases": [],
            }
        )
    for code, zh, en, parent, aliases in ZONES:
        rows.append(
            {"code": code, "name_zh": zh, "name_en": en, "parent_id": parent, "is_local": True, "aliases": aliases}
        )
    return rows
