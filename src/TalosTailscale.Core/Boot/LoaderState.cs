using System.Globalization;

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

    /// <summary><c>LoaderEntryPreferred</c>; null when it is not set. Unlike the default it passes over bad entries.</summary>
    public string? Preferred { get; init; }

    /// <summary><c>LoaderInfo</c>: name and version of the loader that booted (<c>systemd-boot 261.2</c>); null when not set.</summary>
    public string? Info { get; init; }

    /// <summary>The loader knows <c>preferred</c>: it is systemd-boot 260 or later, or nothing tells which one it is.</summary>
    public bool KnowsPreferred
    {
        get
        {
            string[] words = Info?.Split(' ') ?? [];
            string major = words.Length > 1 ? words[1].Split('.', '-', '~')[0] : string.Empty;
            return !int.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture, out int version)
                || version >= 260;
        }
    }

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
    public string? ConfiguredDefault => Configured("default");

    /// <summary>The last usable <c>preferred</c> line of <see cref="LoaderConf"/>; null without one.</summary>
    public string? ConfiguredPreferred => Configured("preferred");

    private string? Configured(string wanted)
    {
        string? value = null;
        foreach ((string key, string text) in KeyValueLines.Parse(LoaderConf, " \t"))
        {
            if (key != wanted)
                continue;
            bool special = text.StartsWith('@') && !text.Equals(Saved, StringComparison.OrdinalIgnoreCase);
            if (!special)
                value = text;
        }

        return value;
    }
}
