using System.Text;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>Reads the variables of the boot loader interface from a node (systemd.io/BOOT_LOADER_INTERFACE).</summary>
internal static class LoaderVariables
{
    private const string Folder = "/sys/firmware/efi/efivars";
    private const string Suffix = "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
    private const int MaxBytes = 64 * 1024;

    /// <summary>The variables; null where they cannot be read: no rights, no efivarfs, a firmware that fails.</summary>
    internal static async Task<LoaderState?> ReadAsync(
        TalosNodeClient node,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            await foreach (
                TalosFile file in node.ListAsync(Folder, cancellation: cancellationToken).ConfigureAwait(false)
            )
            {
                string name = file.Path[(file.Path.LastIndexOf('/') + 1)..];
                if (name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase))
                    names.Add(name[..^Suffix.Length]);
            }

            // systemd-boot always leaves some behind; none at all means that efivarfs is not there.
            if (names.Count == 0)
                return null;
            return new LoaderState
            {
                OneShot = await TextAsync(node, names, "LoaderEntryOneShot", cancellationToken).ConfigureAwait(false),
                Default = await TextAsync(node, names, "LoaderEntryDefault", cancellationToken).ConfigureAwait(false),
                LastBooted = await TextAsync(node, names, "LoaderEntryLastBooted", cancellationToken)
                    .ConfigureAwait(false),
            };
        }
        catch (TsException exception) when (IsAboutFiles(exception))
        {
            reporter.Verbose($"{node.Node}: the loader variables cannot be read: {exception.Message}");
            return null;
        }
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

    private static async Task<string?> TextAsync(
        TalosNodeClient node,
        HashSet<string> names,
        string name,
        CancellationToken cancellationToken
    )
    {
        if (!names.Contains(name))
            return null;
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

    private static bool IsAboutFiles(TsException exception) =>
        exception.Error == TalosErrors.TalosRoleMissing
        || exception.Error == TalosErrors.TalosNotFound
        || exception.Error == TalosErrors.TalosCallFailed
        || exception.Error == TalosErrors.TalosUnimplemented
        || exception.Error == TalosErrors.TalosInvalidRequest;
}
