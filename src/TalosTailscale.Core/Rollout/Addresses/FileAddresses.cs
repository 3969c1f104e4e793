using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Rollout;

/// <summary>Files that still say an old address.</summary>
internal sealed class FileAddresses(AddressDrift drift, AddressForms forms, IReporter reporter)
{
    private const int LongestLine = 160;

    /// <summary>A file of the inventory or of the folders around it; null when it says none of it.</summary>
    internal async Task<AddressChange?> FileAsync(string path, CancellationToken cancellation)
    {
        AddressFile? file = await ReadAsync(path, cancellation).ConfigureAwait(false);
        if (file is null)
            return null;
        TsAddressPlace place = TextFiles.KindOf(path);
        TsAddressReference[] references =
        [
            .. file.Matches.Select(match =>
                Reference(file, match, place, Redactor.Mask(Shorten(file.LineAt(match.Start))), foreign: false)
            ),
        ];
        AddressMatch[] stale = Stale(file, references);
        byte[] after = file.Replace(stale);
        return new AddressChange
        {
            Place = place,
            Target = path,
            Action =
                $"Correct the address\n{UnifiedDiff.Create(file.Text, System.Text.Encoding.UTF8.GetString(after), Path.GetFileName(path))}",
            References = references,
            Afterwards =
                place == TsAddressPlace.Haproxy
                    ? $"'{path}' is corrected; the load balancer has to be given it and reloaded."
                    : null,
            Repair =
                stale.Length == 0
                    ? null
                    : stop =>
                        FileReplacement.ReplaceAsync(
                            path,
                            file.Bytes,
                            after,
                            place == TsAddressPlace.Haproxy
                                ? candidate => HaproxyCheck.RunAsync(path, candidate, reporter, stop)
                                : null,
                            stop
                        ),
        };
    }

    /// <summary>
    /// A talosconfig or kubeconfig; null when it says none of it. Those files hold keys, so only the words in question
    /// are shown; and they name other clusters, in which the same private address means another machine.
    /// </summary>
    internal async Task<AddressChange?> ClientFileAsync(
        string path,
        TsAddressPlace place,
        Func<string, string?, bool> isForeign,
        CancellationToken cancellation
    )
    {
        AddressFile? file = await ReadAsync(path, cancellation).ConfigureAwait(false);
        if (file is null)
            return null;

        // Offsets in bytes and in characters are the same: what is not ASCII is not expected in these files.
        YamlPlaces? places = System.Text.Ascii.IsValid(file.Bytes) ? YamlPlaces.TryRead(file.Text, path) : null;
        IReadOnlyList<(int Start, int End)> foreign = places?.Foreign(isForeign) ?? [];
        TsAddressReference[] references =
        [
            .. file.Matches.Select(match =>
                Reference(
                    file,
                    match,
                    place,
                    places?.At(match.Start).Key is { Length: > 0 } key ? key : "comment",
                    foreign.Any(span => match.Start >= span.Start && match.Start < span.End)
                )
            ),
        ];
        AddressMatch[] stale = Stale(file, references);
        IEnumerable<string> lines = file
            .Matches.Zip(references)
            .Where(pair => pair.Second.IsStale)
            .Select(pair => $"line {pair.Second.Line}, {pair.Second.Text}: {Word(file, pair.First)}");
        return new AddressChange
        {
            Place = place,
            Target = path,
            Action = $"Correct the address\n{string.Join('\n', lines)}",
            References = references,
            Repair =
                stale.Length == 0
                    ? null
                    : stop => FileReplacement.ReplaceAsync(path, file.Bytes, file.Replace(stale), null, stop),
        };
    }

    /// <summary>Why a place is left alone; null when it is not.</summary>
    internal static string? WhyNot(AddressDrift drift, AddressForms forms, AddressMatch match, string? replacement)
    {
        if (replacement is null)
        {
            return
                drift.NewName is { } name
                && forms.OldDashed is { } dashed
                && name.Contains(dashed, StringComparison.OrdinalIgnoreCase)
                ? $"The node is still named '{name}'."
                : $"The node is named '{drift.NewName}' now; look whether this means the node.";
        }

        return match.Form != AddressForm.Name && drift.OldAddressTakenBy is { } other
            ? $"The address is that of '{other}' now; look which of the two this means."
            : null;
    }

    private TsAddressReference Reference(
        AddressFile file,
        AddressMatch match,
        TsAddressPlace place,
        string text,
        bool foreign
    )
    {
        (int line, int column) = file.Position(match.Start);
        string? replacement = forms.Replacement(match.Form);
        string? note = foreign ? "It is of another cluster." : WhyNot(drift, forms, match, replacement);
        return new TsAddressReference
        {
            Node = drift.Node.Name,
            Place = place,
            Source = file.Path,
            Line = line,
            Column = column,
            Old = System.Text.Encoding.ASCII.GetString(file.Bytes, match.Start, match.Length),
            New = replacement,
            Text = text,
            IsStale = note is null,
            Note = note,
        };
    }

    private async Task<AddressFile?> ReadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await AddressFile.ReadAsync(path, forms, cancellation).ConfigureAwait(false);
        }
        catch (TsException e) when (e.Error == InventoryErrors.InventoryUnreadable)
        {
            reporter.Warning($"{e.Message} It is left out.");
            return null;
        }
    }

    private static AddressMatch[] Stale(AddressFile file, TsAddressReference[] references) =>
        [.. file.Matches.Zip(references).Where(pair => pair.Second.IsStale).Select(pair => pair.First)];

    // A word may hold a key where somebody writes YAML on one line; an address is never that long.
    private static string Word(AddressFile file, AddressMatch match)
    {
        (string before, string? after) = file.WordAt(match);
        return before.Length > 100 ? $"{file.Forms.OldAddress} -> {file.Forms.NewAddress}" : $"{before} -> {after}";
    }

    private static string Shorten(string line)
    {
        string text = line.Trim();
        return text.Length <= LongestLine ? text : text[..LongestLine] + "…";
    }
}
