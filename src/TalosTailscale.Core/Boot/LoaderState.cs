namespace TalosTailscale.Core.Boot;

/// <summary>
/// What systemd-boot's choice depends on beside the files: variables of the vendor GUID
/// 4a67b082-0a4c-41cf-b6c7-440b29bb8c4f and <c>\loader\loader.conf</c>.
/// </summary>
public sealed record LoaderState
{
    /// <summary>The value by which both the variable and the configuration ask for the entry booted last.</summary>
    internal const string Saved = "@saved";

    /// <summary>Neither variables nor configuration: what a board has whose firmware keeps no variables.</summary>
    public static LoaderState Empty { get; } = new();

    /// <summary><c>LoaderEntryOneShot</c>; null when it is not set.</summary>
    public string? OneShot { get; init; }

    /// <summary><c>LoaderEntryDefault</c>; null when it is not set. May hold a glob pattern, or <c>@saved</c>.</summary>
    public string? Default { get; init; }

    /// <summary><c>LoaderEntryLastBooted</c>; read only where <c>@saved</c> asks for it.</summary>
    public string? LastBooted { get; init; }

    /// <summary><c>LoaderEntrySelected</c>: the entry that was booted; null when it is not set.</summary>
    public string? Selected { get; init; }

    /// <summary>
    /// <c>LoaderDevicePartUUID</c>: the unique GUID of the partition that the loader itself came from; null when it is not set.
    /// </summary>
    public string? DevicePartUuid { get; init; }

    /// <summary>The text of <c>\loader\loader.conf</c>; null when there is no such file.</summary>
    public string? LoaderConf { get; init; }

    /// <summary>The last usable <c>default</c> line of <see cref="LoaderConf"/>; null without one.</summary>
    public string? ConfiguredDefault
    {
        get
        {
            string? value = null;
            foreach ((string key, string text) in KeyValueLines.Parse(LoaderConf, " \t"))
            {
                if (key != "default")
                    continue;
                bool special = text.StartsWith('@') && !text.Equals(Saved, StringComparison.OrdinalIgnoreCase);
                if (!special)
                    value = text;
            }

            return value;
        }
    }
}
