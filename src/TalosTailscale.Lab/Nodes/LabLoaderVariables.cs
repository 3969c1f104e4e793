using System.Collections.Concurrent;
using System.Text;

namespace TalosTailscale.Lab;

/// <summary>The EFI variables of the boot loader interface (GUID 4a67b082-0a4c-41cf-b6c7-440b29bb8c4f) of one node.</summary>
public sealed class LabLoaderVariables
{
    /// <summary>The vendor GUID in the file names below <c>/sys/firmware/efi/efivars</c>.</summary>
    public const string Guid = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

    private readonly ConcurrentDictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>The persistent default entry, a file name or glob; null when not set.</summary>
    public string? Default
    {
        get => this["LoaderEntryDefault"];
        set => this["LoaderEntryDefault"] = value;
    }

    /// <summary>The entry for the next boot only.</summary>
    public string? OneShot
    {
        get => this["LoaderEntryOneShot"];
        set => this["LoaderEntryOneShot"] = value;
    }

    /// <summary>The entry that was booted, lower case, written by systemd-boot.</summary>
    public string? Selected
    {
        get => this["LoaderEntrySelected"];
        set => this["LoaderEntrySelected"] = value;
    }

    /// <summary>The partition UUID of the EFI system partition that was booted, upper case, written by systemd-boot.</summary>
    public string? DevicePartUuid
    {
        get => this["LoaderDevicePartUUID"];
        set => this["LoaderDevicePartUUID"] = value;
    }

    /// <summary>The names of the variables that are set.</summary>
    public IReadOnlyCollection<string> Names => [.. _values.Keys.Order(StringComparer.Ordinal)];

    /// <summary>A variable by name; null when not set.</summary>
    /// <param name="name">For instance <c>LoaderConfigTimeout</c>.</param>
    public string? this[string name]
    {
        get => _values.GetValueOrDefault(name);
        set
        {
            if (value is null)
                _values.TryRemove(name, out _);
            else
                _values[name] = value;
        }
    }

    /// <summary>
    /// The bytes of a variable as efivarfs shows them: attributes (BS|RT, and NV for what outlives a boot), then UTF-16LE
    /// with a final NUL.
    /// </summary>
    /// <param name="name">The variable.</param>
    /// <returns>The bytes, or null when it is not set.</returns>
    public byte[]? EfivarfsBytes(string name) =>
        this[name] is { } value
            ? [(byte)(IsOfThisBoot(name) ? 6 : 7), 0, 0, 0, .. Encoding.Unicode.GetBytes(value + "\0")]
            : null;

    private static bool IsOfThisBoot(string name) => name is "LoaderEntrySelected" or "LoaderDevicePartUUID";
}
