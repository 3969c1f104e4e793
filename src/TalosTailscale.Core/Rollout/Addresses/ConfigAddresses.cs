using System.Net;
using System.Runtime.CompilerServices;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Core.Rollout;

/// <summary>Machine configurations of the cluster that still say an old address.</summary>
internal sealed class ConfigAddresses(
    AddressDrift drift,
    AddressForms forms,
    TalosClient client,
    KubernetesConnection? kubernetes,
    string? backups,
    IReporter reporter
)
{
    /// <summary>The configurations of all members: certSANs and the endpoint are in those of others than the node, too.</summary>
    internal async IAsyncEnumerable<AddressChange> RunAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        TailnetAddresses tailnet = await client.Node(null).TailnetAddressesAsync(cancellation).ConfigureAwait(false);
        foreach (
            TalosMember member in await ClusterMachines
                .ReadAsync(client, kubernetes, cancellation)
                .ConfigureAwait(false)
        )
        {
            bool own = member.NodeId == drift.NodeId;
            string? address = own ? drift.NewAddress : tailnet.FirstOfLan(member.Addresses);
            if (address is null)
                continue;
            TalosNodeClient node = client.Node(address, own ? drift.Node.Name : member.Hostname);
            if (await ReadAsync(node, cancellation).ConfigureAwait(false) is not { } text)
                continue;
            ConfigSecrets.Register(text);
            foreach (AddressChange change in Changes(node, text, own))
                yield return change;
        }
    }

    private IEnumerable<AddressChange> Changes(TalosNodeClient node, string text, bool own)
    {
        foreach (bool hostname in (bool[])[false, true])
        {
            IReadOnlyList<(AddressMatch Match, YamlPlace Place)> matches = Find(text, hostname);
            if (matches.Count == 0)
                continue;
            TsAddressPlace place = hostname ? TsAddressPlace.Hostname : TsAddressPlace.MachineConfig;
            string after = Edit(text, hostname);
            TsAddressReference[] references =
            [
                .. matches.Select(one => Reference(node.Node, text, one.Match, one.Place, place, own)),
            ];
            yield return new AddressChange
            {
                Place = place,
                Target = $"machine configuration of {node.Node}",
                Action =
                    $"{(hostname ? "Change the host name" : "Correct the address")}\n{UnifiedDiff.Create(text, after, node.Node)}",
                References = references,
                Repair =
                    after == text || (hostname && !own) || drift.OldAddressTakenBy is not null
                        ? null
                        : stop => ApplyAsync(node, hostname, stop),
            };
        }
    }

    private async Task ApplyAsync(TalosNodeClient node, bool hostname, CancellationToken cancellation)
    {
        var flow = new MachineConfigFlow(node, new MachineConfigOptions { BackupFolder = backups }, reporter);
        MachineConfigPlan plan = await flow.PlanEditAsync(text => Edit(text, hostname), cancellation)
            .ConfigureAwait(false);
        if (hostname)
        {
            string[] names =
            [
                .. Find(plan.Before, hostname: true).Select(one => WordAt(plan.Before, one.Match)),
                .. new[] { drift.NewName ?? "" },
            ];
            await ClusterAddresses
                .RefusePinnedAsync(kubernetes, names.Where(name => name.Length > 0), cancellation)
                .ConfigureAwait(false);
        }

        await flow.ApplyAsync(plan, cancellation).ConfigureAwait(false);
    }

    private string Edit(string text, bool hostname)
    {
        AddressMatch[] which = [.. Find(text, hostname).Where(one => !IsStatic(one.Place)).Select(one => one.Match)];
        if (!hostname)
            return AddressFile.Replace(text, forms, which);

        // Naming the place asks for the new name even where the node still bears the old one.
        string result = text;
        foreach (
            AddressMatch match in which
                .Where(match => match.Form == AddressForm.Dashed)
                .OrderByDescending(match => match.Start)
        )
            result = result[..match.Start] + forms.NewDashed + result[match.End..];
        return result;
    }

    private IReadOnlyList<(AddressMatch Match, YamlPlace Place)> Find(string text, bool hostname)
    {
        IReadOnlyList<AddressMatch> all = AddressFinder.Find(text, forms);
        if (all.Count == 0)
            return [];
        YamlPlaces? places = YamlPlaces.TryRead(text, "machine configuration");
        return
        [
            .. all.Select(match => (match, places?.At(match.Start) ?? default))
                .Where(one => IsHostname(one.Item2) == hostname),
        ];
    }

    private TsAddressReference Reference(
        string node,
        string text,
        AddressMatch match,
        YamlPlace at,
        TsAddressPlace place,
        bool own
    )
    {
        (int line, int column) = Position(text, match.Start);
        string? replacement =
            place == TsAddressPlace.Hostname && match.Form == AddressForm.Dashed
                ? forms.NewDashed
                : forms.Replacement(match.Form);
        bool bears =
            place == TsAddressPlace.Hostname
            && drift.NewName is { } name
            && WordAt(text, match).Equals(name, StringComparison.OrdinalIgnoreCase);
        string? note =
            IsStatic(at)
                ? "A static address of the node: change it with Set-TalosMachinePatch if it is meant to be another."
            : bears ? "The node bears this name; -Repair Hostname renames it, unless volumes are bound to the name."
            : place == TsAddressPlace.Hostname && !own ? "The name of another node."
            : FileAddresses.WhyNot(drift, forms, match, replacement);
        return new TsAddressReference
        {
            Node = drift.Node.Name,
            Place = place,
            Source = $"machine configuration of {node}",
            Line = line,
            Column = column,
            Old = text.Substring(match.Start, match.Length),
            New = IsStatic(at) ? null : replacement,
            Text = at.Key is { Length: > 0 } key ? key : "comment",
            IsStale = note is null,
            Note = note,
        };
    }

    private async Task<string?> ReadAsync(TalosNodeClient node, CancellationToken cancellation)
    {
        try
        {
            return (await node.MachineConfigAsync(cancellation: cancellation).ConfigureAwait(false)).Text;
        }
        catch (TsException e)
        {
            reporter.Warning($"{node.Node}: its machine configuration could not be looked at: {e.Message}");
            return null;
        }
    }

    private static string WordAt(string text, AddressMatch match)
    {
        int start = match.Start,
            end = match.End;
        while (start > 0 && IsName(text[start - 1]))
            start--;
        while (end < text.Length && IsName(text[end]))
            end++;
        return text[start..end];

        static bool IsName(char c) => char.IsAsciiLetterOrDigit(c) || c == '-';
    }

    private static (int Line, int Column) Position(string text, int offset)
    {
        int start = offset == 0 ? 0 : text.LastIndexOf('\n', offset - 1) + 1;
        return (1 + text.AsSpan(0, start).Count('\n'), 1 + offset - start);
    }

    private static bool IsHostname(YamlPlace place) =>
        place is { Kind: "HostnameConfig", Key: "hostname" } or { Kind: "", Key: "machine.network.hostname" };

    // machine.network.interfaces[0].addresses[0], and the link documents of 1.12.
    private static bool IsStatic(YamlPlace place) =>
        place.Key.StartsWith("machine.network.interfaces", StringComparison.Ordinal)
        || (place.Kind.Length > 0 && place.Key.StartsWith("addresses[", StringComparison.Ordinal));
}
