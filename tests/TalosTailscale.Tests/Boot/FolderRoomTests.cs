using TalosTailscale.Core.Boot.Esp;

namespace TalosTailscale.Tests.Boot;

/// <summary>Whether the names that a swap makes have room in the folder.</summary>
public class FolderRoomTests
{
    [Theory]
    [InlineData(new[] { 12 }, true)]
    [InlineData(new[] { 3, 4, 4 }, false)] // the backup's name takes five
    [InlineData(new[] { 3, 4, 5 }, true)]
    [InlineData(new[] { 2, 2, 2, 2, 2, 2, 2 }, false)]
    [InlineData(new int[0], false)]
    public void A_name_takes_one_run_of_free_slots(int[] runs, bool fits)
    {
        string[] names =
        [
            EspNames.LockName,
            "Talos-v1.12.4.efi.new-0123456789ab",
            "Talos-v1.12.4.efi.bak.20261122T164500Z...",
        ];
        Assert.Equal(fits, new FolderRoom(runs).Fits(names));
        Assert.True(FolderRoom.Unlimited.Fits(names));
    }
}
