using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Pki;
using static TalosTailscale.Tests.Lab.Talos.TalosLab;

namespace TalosTailscale.Tests.Lab.Talos;

/// <summary>Who gets in, what each role may do, and where calls go.</summary>
public sealed class LabAccessTests
{
    [Fact]
    public async Task A_certificate_of_another_authority_is_refused()
    {
        await using var lab = await TalosLab.StartAsync();
        var stranger = LabAuthority.Create().IssueClient(["os:admin"]);

        var error = await Assert.ThrowsAsync<TsException>(() =>
            lab.Connect(stranger).Node("192.168.1.203").VersionAsync(Stop)
        );

        Assert.Equal("TalosClientCertificateRejected", error.ErrorId);
    }

    [Fact]
    public async Task A_server_of_another_authority_is_not_trusted()
    {
        await using var lab = await TalosLab.StartAsync();
        lab.Api.ServerCertificate = LabAuthority.Create().IssueServer("lab", ["127.0.0.1"]);

        var error = await Assert.ThrowsAsync<TsException>(() => lab.Client("ampone").VersionAsync(Stop));

        Assert.Equal("TalosServerNotTrusted", error.ErrorId);
    }

    [Fact]
    public async Task A_reader_reads_and_does_nothing_else()
    {
        await using var lab = await TalosLab.StartAsync();
        var node = lab.Connect(lab.Api.Authority.IssueClient(["os:reader"])).Node("192.168.1.203");

        Assert.NotEmpty(await node.ServiceListAsync(Stop));
        var config = await Assert.ThrowsAsync<TsException>(() => node.MachineConfigAsync(cancellation: Stop));
        var reboot = await Assert.ThrowsAsync<TsException>(() => node.RebootAsync(TalosRebootMode.Default, Stop));

        Assert.Equal("TalosRoleMissing", config.ErrorId);
        Assert.Equal("TalosRoleMissing", reboot.ErrorId);
        Assert.True(lab.Cluster.Node("ampone").IsReady);
    }

    [Fact]
    public async Task A_worker_forwards_nothing()
    {
        var options = new LabOptions
        {
            EndpointPerNode = true,
            Nodes = [LabNodeOptions.Runbook[0], LabNodeOptions.Runbook[1] with { IsControlPlane = false }],
        };
        await using var lab = await TalosLab.StartAsync(options);
        var worker = lab.Connect(null, lab.Api.EndpointOf(lab.Cluster.Node("ampone")));

        await worker.Node("192.168.1.203").VersionAsync(Stop);
        var error = await Assert.ThrowsAsync<TsException>(() => worker.Node("192.168.1.194").VersionAsync(Stop));

        Assert.Equal("TalosNoForwarding", error.ErrorId);
    }

    [Fact]
    public async Task A_worker_has_no_etcd()
    {
        await using var lab = await TalosLab.StartAsync(
            new LabOptions
            {
                Nodes = [LabNodeOptions.Runbook[0], LabNodeOptions.Runbook[1] with { IsControlPlane = false }],
            }
        );

        var error = await Assert.ThrowsAsync<TsException>(() => lab.Client("ampone").EtcdMemberListAsync(Stop));

        Assert.Equal("TalosNotControlPlane", error.ErrorId);
    }

    [Fact]
    public async Task A_type_that_Talos_does_not_know_is_said_so()
    {
        await using var lab = await TalosLab.StartAsync();

        var error = await Assert.ThrowsAsync<TsException>(() =>
            lab.Client("ampone").GetResourceAsync(new TalosType("runtime", "NoSuch.runtime.talos.dev"), "x", Stop)
        );

        Assert.Equal("TalosResourceTypeUnknown", error.ErrorId);
    }

    [Theory]
    [InlineData(LabKeyAlgorithm.Ed25519)]
    [InlineData(LabKeyAlgorithm.EcdsaP256)]
    [InlineData(LabKeyAlgorithm.Rsa)]
    public async Task TLS_1_2_works_with_every_kind_of_server_key(LabKeyAlgorithm algorithm)
    {
        await using var lab = await TalosLab.StartAsync();
        var authority = LabAuthority.Create(algorithm);
        lab.Api.Authority = authority;
        lab.Api.ServerCertificate = authority.IssueServer("lab", ["127.0.0.1"]);
        lab.Api.OnlyTls12 = true;

        Assert.Equal(TalosArchitecture.Arm64, (await lab.Client("ampone").VersionAsync(Stop)).Architecture);
    }
}
