using System.Globalization;

namespace TalosTailscale.Boot;

public class BusyPartitionTests(ITestOutputHelper output)
{
    /// <summary>
    /// The kernel does not mount a device for reading while it is mounted for writing, nor the other way round. When a
    /// connection breaks, what runs on the node goes on for a while, and the next question finds the partition in its hands.
    /// </summary>
    [Theory]
    [InlineData(GuestTools.DefaultImage)]
    [InlineData(GuestTools.Busybox)]
    public async Task A_command_waits_for_the_one_before_it(GuestTools tools)
    {
        using var folder = new BenchFolder();
        string disk = folder.File("disk.img");
        await File.WriteAllBytesAsync(
            disk,
            await SwapScenario.DiskAsync(folder),
            TestContext.Current.CancellationToken
        );
        string[] lines =
        [
            "mount -t vfat -o rw /dev/vda /mnt; (sleep 3; umount /mnt) &",
            "step $sh /esp.sh list /dev/vda </dev/null",
            "mount -t vfat -o ro /dev/vda /mnt; (sleep 3; umount /mnt) &",
            "step $sh /esp.sh lock /dev/vda me pod/kube-system/one 3600 </dev/null",
            // What a killed command left mounted: no process has so high a number.
            "mkdir /tmp/esp.4194999.abcdef; mount -t vfat -o rw /dev/vda /tmp/esp.4194999.abcdef",
            "step $sh /esp.sh list /dev/vda </dev/null",
            // Somebody's mount without dirsync, for all of which renames are not in order: it has to go first.
            "mount -t vfat -o rw /dev/vda /mnt; (sleep 3; umount /mnt) &",
            "step $sh /esp.sh break /dev/vda me </dev/null; cat /proc/mounts | grep -c vfat >/dev/ttyS0",
        ];
        string serial = await Machine.ReadGuestAsync([disk], SwapScenario.Guest(lines, tools), folder.Path);

        output.WriteLine(serial);
        for (int i = 0; i < 4; i++)
            Assert.Contains(
                string.Create(CultureInfo.InvariantCulture, $"STEP {i} 0 "),
                serial,
                StringComparison.Ordinal
            );
    }
}
