"""What can go wrong with papers, as people meet it."""

from records import Fault


class CampaignFileRefused(Fault):
    """专项整治行动文件有误，未作任何改动。

    The campaign file is not right; nothing was changed.
    """

    code = "E-REPORTS-001"
    remedy = ("请对照 reports/campaign-sample.yml 修改。", "Compare with reports/campaign-sample.yml.")
    exit_code = 2


class ColumnsRefused(Fault):
    """统计表列定义有误。

    The definition of the table's columns is not right.
    """

    code = "E-REPORTS-002"
    remedy = (
        "请检查 columns.yml：每行一列，键名以文件开头的说明为准。",
        "Check columns.yml: one column a row, keys as its head explains.",
    )


class TooMuchForOneSheet(Fault):
    """线索超过一张工作表的容量，未生成文件。

    There are more leads than one sheet holds; no file was made.
    """

    code = "E-REPORTS-003"
    remedy = ("请按时间或区（市）缩小范围。", "Narrow the filter by date or district.")
    exit_code = 2


class NotWritten(Fault):
    """文件没有写成。

    The file could not be written.
    """

    code = "E-REPORTS-004"
    remedy = (
        "请检查目录是否存在、磁盘空间和文件是否正被打开。",
        "Check folder, disk space, and whether the file is open elsewhere.",
    )
