using System.Globalization;
using System.Net;
using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Core.Validation;

/// <summary>Checks of addresses, names and resolvers, on the node and in the tailnet.</summary>
internal static class NetworkChecks
{
    private static readonly TimeSpan s_sample = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_keyWarning = TimeSpan.FromDays(14);

    public static NodeCheck TailnetAddress { get; } =
        new("TailnetAddress", "the node has an address in the tailnet", false, async (probe, options) =>
        {
            var addresses = await TailnetAddressesAsync(probe, options).ConfigureAwait(false);
            return addresses.Count > 0
                ? CheckResult.Pass(string.Join(", ", addresses))
                : CheckResult.Fail(Causes.TailnetAddressMissing, "the node has no address on tailscale0");
        });

    public static NodeCheck TailnetDevice { get; } =
        new(
            "TailnetDevice",
            "the tailnet knows the node, approved, online and with its tags",
            false,
            async (probe, options) =>
            {
                if (options.ReadDevices is null)
                    return CheckResult.Skip(
                        "there is neither a tailscaled on this machine nor a credential for the tailnet's API"
                    );
                IReadOnlyList<TailnetDevice> devices;
                try
                {
                    devices = await options.ReadDevices(CancellationToken.None).ConfigureAwait(false);
                }
                catch (TsException e)
                {
                    return CheckResult.Skip(e.Message);
                }

                var environment = await probe.ServiceEnvironmentAsync(persistent: false).ConfigureAwait(false) ?? [];
                var hostname = EnvironmentText.Value(environment, "TS_HOSTNAME") ?? probe.Node.Name;
                var addresses = (await probe.TailnetAddressesNowAsync().ConfigureAwait(false)).Own;
                var device = devices.FirstOrDefault(one => one.Addresses.Any(address => addresses.Contains(address)))
                    ?? devices.FirstOrDefault(one =>
                        string.Equals(one.Name, hostname, StringComparison.OrdinalIgnoreCase)
                    );
                return device is null
                    ? CheckResult.Fail(
                        Causes.DeviceMissing,
                        $"none of the tailnet's {devices.Count} devices is '{hostname}'"
                    )
                    : Judge(device, hostname, addresses, WantedTags(environment), options.Clock.GetUtcNow());
            }
        );

    public static NodeCheck Resolver { get; } =
        new("Resolver", "the node asks tailscale's resolver first and has another one", false, async (probe, _) =>
        {
            var servers = await probe.DnsServersAsync().ConfigureAwait(false);
            var text = servers.Count == 0 ? "no resolver" : string.Join(", ", servers);
            var place = servers.Select(server => server.Split('/')[0]).ToList().IndexOf(TailnetRange.Resolver);
            return place switch
            {
                < 0 => CheckResult.Fail(Causes.TailnetResolverMissing, text),
                > 0 => CheckResult.Fail(Causes.TailnetResolverNotFirst, text),
                _ when servers.Count == 1 => CheckResult.Warn(Causes.OnlyTailnetResolver, text),
                _ => CheckResult.Pass(text),
            };
        });

    public static NodeCheck NodeAddress { get; } =
        new(
            "NodeAddress",
            "kubelet and etcd use the address of the inventory, not the tailnet's",
            false,
            async (probe, _) =>
            {
                var kubelet = await probe.KubeletAddressesAsync().ConfigureAwait(false);
                var etcd = await probe.EtcdAddressesAsync().ConfigureAwait(false);
                var text = $"kubelet {List(kubelet)}" + (etcd.Count == 0 ? "" : $", etcd {List(etcd)}");
                var tailnet = await probe.TailnetAddressesNowAsync().ConfigureAwait(false);
                if (kubelet.Concat(etcd).Any(tailnet.Contains))
                    return CheckResult.Fail(Causes.NodeAddressInTailnet, text);
                // Only an address can be compared; a host name in node.yaml says nothing about the address.
                if (
                    IPAddress.TryParse(probe.Node.Address, out var expected)
                    && kubelet.Count > 0
                    && !kubelet.Any(one => TailnetRange.TryParse(one, out var address) && address.Equals(expected))
                )
                    return CheckResult.Fail(Causes.NodeAddressDrift, $"{text}; the inventory says {expected}");
                return kubelet.Count == 0
                    ? CheckResult.Skip("kubelet has not reported an address")
                    : CheckResult.Pass(text);
            }
        );

    public static NodeCheck NodeName { get; } =
        new("NodeName", "the Kubernetes node has the name of the inventory", false, async (probe, _) =>
        {
            var name = await probe.NodenameAsync().ConfigureAwait(false);
            if (name is null)
                return CheckResult.Skip("the node has no Kubernetes name");
            return probe.Node.KubernetesName is { } expected && !string.Equals(expected, name, StringComparison.Ordinal)
                ? CheckResult.Fail(Causes.NodeNameDrift, $"'{name}'; the inventory says '{expected}'")
                : CheckResult.Pass(name);
        });

    /// <summary>The node's addresses in the tailnet; waits for them while the service has only just started.</summary>
    private static async Task<IReadOnlyList<string>> TailnetAddressesAsync(
        INodeProbe probe,
        NodeValidationOptions options
    )
    {
        var found = (await probe.TailnetAddressesNowAsync().ConfigureAwait(false)).Own;
        if (found.Count == 0 && !await ServiceChecks.MayBeConfiguredAsync(probe).ConfigureAwait(false))
            return found;
        for (var waited = TimeSpan.Zero; found.Count == 0 && waited < options.SettleTime; waited += s_sample)
        {
            var service = await probe.ServiceNowAsync().ConfigureAwait(false);
            if (
                service is not { State: "Running" }
                || (await probe.LogAsync().ConfigureAwait(false)).State == TsDiagnosisState.Failing
            )
                return found;
            await probe.PauseAsync(s_sample).ConfigureAwait(false);
            found = (await probe.TailnetAddressesNowAsync().ConfigureAwait(false)).Own;
        }

        return found;
    }

    private static CheckResult Judge(
        TailnetDevice device,
        string hostname,
        IReadOnlyList<string> addresses,
        string[] tags,
        DateTimeOffset now
    )
    {
        var text =
            $"'{device.Name}' {string.Join(", ", device.Addresses.Take(1))}"
            + (device.Tags.Count == 0 ? "" : $", {string.Join(' ', device.Tags)}");
        if (device.Authorized == false)
            return CheckResult.Fail(Causes.DeviceApprovalNeeded, $"{text}, not approved");
        if (device.KeyExpired || device.KeyExpires < now)
            return CheckResult.Fail(Causes.NodeKeyExpired, $"{text}, its key has expired");
        if (addresses.Count > 0 && !device.Addresses.Any(address => addresses.Contains(address)))
            return CheckResult.Fail(Causes.DeviceMissing, $"{text} is another device: the node has {addresses[0]}");
        if (device.Online == false)
            return CheckResult.Fail(Causes.DeviceOffline, $"{text}, offline");
        if (tags.FirstOrDefault(tag => !device.Tags.Contains(tag, StringComparer.OrdinalIgnoreCase)) is { } missing)
            return CheckResult.Warn(Causes.DeviceTagsDiffer, $"{text}; '{missing}' was asked for");
        if (device.KeyExpires is { } ends && ends - now < s_keyWarning)
            return CheckResult.Warn(
                Causes.DeviceKeyEnds,
                string.Create(CultureInfo.InvariantCulture, $"{text}, its key expires on {ends:yyyy-MM-dd}")
            );
        return string.Equals(device.Name, hostname, StringComparison.OrdinalIgnoreCase)
            ? CheckResult.Pass(text + (device.Online == true ? ", online" : ""))
            : CheckResult.Warn(Causes.DeviceRenamed, $"{text}; '{hostname}' was asked for");
    }

    private static string[] WantedTags(IReadOnlyList<string> environment) =>
        (UpArguments.Parse(EnvironmentText.Value(environment, "TS_EXTRA_ARGS"))["advertise-tags"] ?? "").Split(
            ',',
            StringSplitOptions.RemoveEmptyEntries
        );

    private static string List(IReadOnlyList<string> addresses) =>
        addresses.Count == 0 ? "none" : string.Join(" ", addresses);
}
