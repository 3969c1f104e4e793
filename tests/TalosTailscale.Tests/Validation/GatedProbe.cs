using TalosTailscale.Core.Validation;

namespace TalosTailscale.Tests.Validation;

/// <summary>A node whose first answer waits for the test.</summary>
internal sealed class GatedProbe(TsNode node, Task gate, Action begin, Action end) : INodeProbe
{
    private static readonly Lock s_lock = new();
    private readonly FakeNodeProbe _answers = new() { Node = node };
    private bool _begun;

    public TsNode Node => node;

    public DateTimeOffset? ClientCertificateEnds => null;

    public async Task<TalosVersion> VersionAsync()
    {
        if (_begun)
            return await _answers.VersionAsync();
        _begun = true;
        lock (s_lock)
            begin();
        await gate;
        lock (s_lock)
            end();
        return await _answers.VersionAsync();
    }

    public Task<string?> MovedToAsync() => _answers.MovedToAsync();

    public Task<TalosMachineStatus> MachineStatusAsync() => _answers.MachineStatusAsync();

    public Task<IReadOnlyList<TalosExtension>> ExtensionsAsync() => _answers.ExtensionsAsync();

    public Task<IReadOnlyList<string>?> ServiceEnvironmentAsync(bool persistent) =>
        _answers.ServiceEnvironmentAsync(persistent);

    public Task<TalosService?> ServiceNowAsync() => _answers.ServiceNowAsync();

    public Task<TsDiagnosis> LogAsync() => _answers.LogAsync();

    public Task<IReadOnlyList<string>> AddressesNowAsync() => _answers.AddressesNowAsync();

    public Task<IReadOnlyList<string>> DnsServersAsync() => _answers.DnsServersAsync();

    public Task<IReadOnlyList<string>> KubeletAddressesAsync() => _answers.KubeletAddressesAsync();

    public Task<IReadOnlyList<string>> EtcdAddressesAsync() => _answers.EtcdAddressesAsync();

    public Task<string?> NodenameAsync() => _answers.NodenameAsync();

    public Task<IReadOnlyList<string>> LinksAsync() => _answers.LinksAsync();

    public Task<IReadOnlyList<(string Destination, string Link)>> RoutesAsync() => _answers.RoutesAsync();

    public Task<string> KernelCommandLineAsync() => _answers.KernelCommandLineAsync();

    public Task<TalosSecurityState> SecurityStateAsync() => _answers.SecurityStateAsync();

    public Task<string?> BootedEntryAsync() => _answers.BootedEntryAsync();

    public Task<DateTimeOffset> BootTimeAsync() => _answers.BootTimeAsync();

    public Task<EspInfo?> EspAsync() => _answers.EspAsync();

    public Task<IReadOnlyList<string>> EfivarsErrorsAsync() => _answers.EfivarsErrorsAsync();

    public Task<TalosImagePull> PullAsync(string reference) => _answers.PullAsync(reference);

    public Task PauseAsync(TimeSpan time) => Task.CompletedTask;
}
