using System.Collections.Concurrent;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Validation;

/// <summary>Asks a node by its Talos API.</summary>
internal sealed class TalosNodeProbe : INodeProbe
{
    private const string Service = "ext-tailscale";
    private const int LogTail = 2000;

    private static readonly TimeSpan s_callTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_pullTimeout = TimeSpan.FromMinutes(3);

    private readonly TalosNodeClient _client;
    private readonly TalosNodeClient _anyNode;
    private readonly Func<TsNode, CancellationToken, Task<EspInfo>>? _readEsp;
    private readonly CancellationToken _cancellation;
    private readonly ConcurrentDictionary<string, Lazy<Task<object?>>> _asked = new(StringComparer.Ordinal);

    public TalosNodeProbe(
        TsNode node,
        TalosClient client,
        DateTimeOffset? certificateEnds,
        Func<TsNode, CancellationToken, Task<EspInfo>>? readEsp,
        CancellationToken cancellation
    )
    {
        _readEsp = readEsp;
        Node = node;
        _client = client.Node(node.Address, node.Name).With(s_callTimeout);
        _anyNode = client.Node(null).With(s_callTimeout);
        _cancellation = cancellation;
        ClientCertificateEnds = certificateEnds;
    }

    public TsNode Node { get; }

    public DateTimeOffset? ClientCertificateEnds { get; }

    public Task<TalosVersion> VersionAsync() => OnceAsync("version", () => _client.VersionAsync(_cancellation));

    public Task<string?> MovedToAsync() => OnceAsync("moved", async () =>
        {
            if (Node.KubernetesName is null && Node.NodeId is null)
                return null;
            try
            {
                // A member's id is the name of its Kubernetes node; its host name is for people, and may have a domain.
                var members = await _anyNode.MembersAsync(_cancellation).ConfigureAwait(false);
                var self = members.FirstOrDefault(member => Node.NodeId is { } id && member.NodeId == id)
                    ?? members.FirstOrDefault(member => Node.NodeId is null && member.Id == Node.KubernetesName);
                return self is null || self.Addresses.Any(address => NodeAddress.Same(address, Node.Address))
                    ? null
                    : (await _anyNode.TailnetAddressesAsync(_cancellation).ConfigureAwait(false)).FirstOfLan(
                        self.Addresses
                    );
            }
            catch (TsException)
            {
                // Nobody to ask: the whole cluster is away, and the error of the node itself tells.
                return null;
            }
        });

    public Task<TalosMachineStatus> MachineStatusAsync() =>
        OnceAsync("status", () => _client.MachineStatusAsync(_cancellation));

    public Task<IReadOnlyList<TalosExtension>> ExtensionsAsync() =>
        OnceAsync("extensions", () => _client.ExtensionsAsync(_cancellation));

    public Task<IReadOnlyList<string>?> ServiceEnvironmentAsync(bool persistent) =>
        OnceAsync(persistent ? "persistent" : "active", async () =>
        {
            var (_, text) = await _client
                .MachineConfigAsync(persistent ? "persistent" : "v1alpha1", _cancellation)
                .ConfigureAwait(false);
            return ServiceEnvironment.Read(text);
        });

    public async Task<TalosService?> ServiceNowAsync()
    {
        var services = await _client.ServiceListAsync(_cancellation).ConfigureAwait(false);
        return services.FirstOrDefault(service => service.Id == Service);
    }

    public Task<TsDiagnosis> LogAsync() => OnceAsync("log", async () =>
        {
            var diagnosis = new LogDiagnosis(Node.Name);
            await foreach (
                var line in _client.LogsAsync(Service, LogTail, cancellation: _cancellation).ConfigureAwait(false)
            )
                diagnosis.Add(line);
            return diagnosis.Result();
        });

    public async Task<IReadOnlyList<string>> AddressesNowAsync() =>
        (await _client.NodeAddressesAsync("current", _cancellation).ConfigureAwait(false)).Addresses;

    public Task<TailnetAddresses> TailnetAddressesNowAsync() => _client.TailnetAddressesAsync(_cancellation);

    public Task<IReadOnlyList<string>> DnsServersAsync() =>
        OnceAsync("dns", () => _client.DnsServersAsync(_cancellation));

    public Task<IReadOnlyList<string>> KubeletAddressesAsync() =>
        OnceAsync("kubelet", () => _client.KubeletAddressesAsync(_cancellation));

    public Task<IReadOnlyList<string>> EtcdAddressesAsync() =>
        OnceAsync("etcd", () => _client.EtcdAdvertisedAddressesAsync(_cancellation));

    public Task<IReadOnlyList<string>> LinksAsync() => OnceAsync("links", () => _client.LinksAsync(_cancellation));

    public Task<IReadOnlyList<(string Destination, string Link)>> RoutesAsync() =>
        OnceAsync("routes", () => _client.RoutesAsync(_cancellation));

    public Task<string?> NodenameAsync() => OnceAsync("nodename", () => _client.NodenameAsync(_cancellation));

    public Task<string> KernelCommandLineAsync() =>
        OnceAsync("cmdline", () => _client.KernelCommandLineAsync(_cancellation));

    public Task<TalosSecurityState> SecurityStateAsync() =>
        OnceAsync("security", () => _client.SecurityStateAsync(_cancellation));

    public Task<string?> BootedEntryAsync() => OnceAsync("entry", () => _client.BootedEntryAsync(_cancellation));

    public Task<DateTimeOffset> BootTimeAsync() => OnceAsync("boot", () => _client.BootTimeAsync(_cancellation));

    public Task<EspInfo?> EspAsync() =>
        OnceAsync("esp", async () =>
            _readEsp is null ? null : await _readEsp(Node, _cancellation).ConfigureAwait(false)
        );

    public Task<IReadOnlyList<string>> EfivarsErrorsAsync() => OnceAsync<IReadOnlyList<string>>("efivars", async () =>
        {
            var found = new List<string>();
            await foreach (
                var line in _client
                    .LogsAsync(TalosNodeClient.KernelLog, LogTail, cancellation: _cancellation)
                    .ConfigureAwait(false)
            )
                if (
                    line.Contains("efivar", StringComparison.OrdinalIgnoreCase)
                    && (
                        line.Contains("input/output error", StringComparison.OrdinalIgnoreCase)
                        || line.Contains("invalid argument", StringComparison.OrdinalIgnoreCase)
                    )
                )
                    found.Add(Redactor.Mask(line));
            return found;
        });

    public Task<TalosImagePull> PullAsync(string reference) =>
        OnceAsync("pull " + reference, () =>
            _client.ImagePullAsync(reference, timeout: s_pullTimeout, cancellation: _cancellation)
        );

    public Task PauseAsync(TimeSpan time) => Task.Delay(time, _cancellation);

    private async Task<T> OnceAsync<T>(string key, Func<Task<T>> ask) =>
        (T)
            (
                await _asked
                    .GetOrAdd(key, _ => new Lazy<Task<object?>>(async () => await ask().ConfigureAwait(false)))
                    .Value.ConfigureAwait(false)
            )!;
}
