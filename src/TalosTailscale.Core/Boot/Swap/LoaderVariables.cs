using System.Text;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>Reads the variables of the boot loader interface from a node (systemd.io/BOOT_LOADER_INTERFACE).</summary>
internal static class LoaderVariables
{
    private const string Folder = "/sys/firmware/efi/efivars";
    private const string Suffix = "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
    private const int MaxBytes = 64 * 1024;

    /// <summary>The variables. They are lost as a whole: one that cannot be read may be the one that decides.</summary>
    /// <exception cref="TsException">No rights, a firmware that fails, no answer; or <c>TalosNotFound</c> without efivarfs.</exception>
    internal static async Task<LoaderState> ReadAsync(TalosNodeClient node, CancellationToken cancellationToken)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        await foreach (TalosFile file in node.ListAsync(Folder, cancellation: cancellationToken).ConfigureAwait(false))
        {
            string name = file.Path[(file.Path.LastIndexOf('/') + 1)..];
            if (name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase))
                names.Add(name[..^Suffix.Length]);
        }

        // systemd-boot always leaves some behind; none at all means that efivarfs is not there.
        if (names.Count == 0)
        {
            throw TalosErrors.TalosNotFound.New(
                $"'{Folder}' of '{node.Node}' has no variable of a boot loader.",
                node.Node,
                recommendedAction: "A firmware that keeps no variables tells nothing here: look at 'Get-TalosEsp'."
            );
        }

        return new LoaderState
        {
            OneShot = await TextAsync("LoaderEntryOneShot").ConfigureAwait(false),
            Preferred = await TextAsync("LoaderEntryPreferred").ConfigureAwait(false),
            Info = await TextAsync("LoaderInfo").ConfigureAwait(false),
            Default = await TextAsync("LoaderEntryDefault").ConfigureAwait(false),
            LastBooted = await TextAsync("LoaderEntryLastBooted").ConfigureAwait(false),
            Selected = await TextAsync("LoaderEntrySelected").ConfigureAwait(false),
            DevicePartUuid = await TextAsync("LoaderDevicePartUUID").ConfigureAwait(false),
        };

        async Task<string?> TextAsync(string name) =>
            names.Contains(name) ? await ReadAsync(node, name, cancellationToken).ConfigureAwait(false) : null;
    }

    /// <summary>efivarfs puts four bytes of attributes before the value; the value is UTF-16 with a final zero.</summary>
    internal static string? Parse(ReadOnlySpan<byte> file)
    {
        if (file.Length < 6)
            return null;
        string text = Encoding.Unicode.GetString(file[4..]);
        int end = text.IndexOf('\0', StringComparison.Ordinal);
        return end < 0 ? text : text[..end];
    }

    private static async Task<string?> ReadAsync(TalosNodeClient node, string name, CancellationToken cancellationToken)
    {
        Stream stream = await node.ReadAsync($"{Folder}/{name}{Suffix}", cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            byte[] buffer = new byte[MaxBytes];
            int read = await stream
                .ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false);
            return Parse(buffer.AsSpan(0, read));
        }
    }
}
