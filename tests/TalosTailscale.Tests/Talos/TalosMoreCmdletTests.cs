using TalosTailscale.Lab;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Talos;

/// <summary>Resources, etcd, service restarts and image pulls through the real engine; one lab for all steps.</summary>
public class TalosMoreCmdletTests
{
    [Fact]
    public async Task Resources_etcd_services_and_images()
    {
        await using LabSession lab = await LabSession.StartAsync();

        var status = lab.Invoke("(Get-TalosResource ryzen machinestatuses machine).Spec.stage");
        Assert.Equal("running", status.Single<string>());
        lab.Invoke("Get-TalosResource ryzen MachineConfigs.config.talos.dev v1alpha1")
            .AssertError("TalosResourceSensitive");
        Assert.Contains(
            "machine:",
            lab.Invoke("(Get-TalosResource ryzen MachineConfig v1alpha1 -Force).Spec").Single<string>(),
            StringComparison.Ordinal
        );
        lab.Invoke("Get-TalosResource ryzen nosuchthing").AssertError("TalosResourceTypeUnknown");

        PowerShellResult members = lab.Invoke("Get-TalosEtcdMember ryzen");
        members.AssertNoErrors();
        Assert.Equal(3, members.OutputOf<TalosEtcdMember>().Count);
        TalosEtcdMember altra = members
            .OutputOf<TalosEtcdMember>()
            .Single(member => member.Hostname.EndsWith("-85", StringComparison.Ordinal));
        lab.Invoke("param($id) Remove-TalosEtcdMember ryzen $id -Confirm:$false", ("id", altra.IdHex))
            .AssertError("EtcdMemberAlive");
        lab.Invoke("Remove-TalosEtcdMember ryzen 0123456789abcdef -Confirm:$false").AssertError("TalosNotFound");

        lab.Invoke("Get-TalosService ryzen, altra -Id kubelet | Restart-TalosService -Confirm:$false").AssertNoErrors();
        Assert.Equal(
            ["altra machined", "ryzen apid"],
            lab.Invoke("Get-TalosService ryzen apid; Get-TalosService altra machined")
                .OutputOf<TalosService>()
                .Select(service => $"{service.Node} {service.Id}")
                .Order(StringComparer.Ordinal)
        );
    }
}
