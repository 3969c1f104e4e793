namespace TalosTailscale;

/// <summary>Why systemd-boot takes an entry without anybody touching the menu.</summary>
/// <remarks>The order of the values is the order in which systemd-boot asks (src/boot/boot.c, <c>config_select_default_entry</c>).</remarks>
public enum BootReason
{
    /// <summary>There is no entry that could be booted.</summary>
    NoEntry,

    /// <summary>The variable <c>LoaderEntryOneShot</c> names it; systemd-boot deletes the variable at that boot.</summary>
    OneShotVariable,

    /// <summary>
    /// The variable <c>LoaderEntryPreferred</c> names it, and it is not marked as bad by boot counting (systemd-boot 260).
    /// </summary>
    PreferredVariable,

    /// <summary>The line <c>preferred</c> of <c>loader.conf</c> names it, and it is not marked as bad (systemd-boot 260).</summary>
    LoaderConfPreferred,

    /// <summary>The variable <c>LoaderEntryDefault</c> names it.</summary>
    DefaultVariable,

    /// <summary><c>default @saved</c>, and the variable <c>LoaderEntryLastBooted</c> names it.</summary>
    LastBooted,

    /// <summary>The line <c>default</c> of <c>loader.conf</c> names it.</summary>
    LoaderConf,

    /// <summary>Nothing that exists is named anywhere: the first entry in order.</summary>
    FirstInOrder,
}
